import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "better-sqlite3";
import { listIncidents } from "../src/record/incident-reader.js";
import { openRecordArchive } from "../src/record/record-archive.js";
import { readCounts } from "../src/record/record-counts.js";
import { openRecordStore } from "../src/record/record-store.js";

/**
 * How long a page of the list takes over a million records, by filter: the median and the longest of nine, in milliseconds.
 *
 * `node dist/bench/records.bench.js [RECORDS]`
 */
const count = Number(process.argv[2] ?? 1_000_000);
const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const dataDir = mkdtempSync(join(tmpdir(), "egress-bench-"));
try {
  const store = await openRecordStore({ dataDir, logger: SILENT, clock: { now: () => Date.now() } });
  await store.close();
  fill(new Sqlite(join(dataDir, "records.db")));
  const archive = await openRecordArchive(dataDir, undefined);
  const { reader } = archive;
  const first = await reader.list({});
  let deep = first.next;
  for (let page = 0; page < 20 && deep !== undefined; page += 1) deep = (await reader.list({ cursor: deep, limit: 1_000 })).next;
  const filters = {
    "no filter": {},
    "20,000 records down": { cursor: deep },
    "by case": { case: "licensing" },
    "by status, rare": { status: "reported" },
    "reached the vendor, rare": { transferred: true },
    "overdue, rare": { dueBefore: Date.now() },
    "by incident": { incident: "inc-7" },
    "by rule, common": { rule: "pii/email" },
    "by rule, rare": { rule: "secret/rare" },
    "by category, common": { rule: "pii" },
    "by category, rare": { rule: "secret" },
    "by rule, none": { rule: "blob/none" },
    "by text, common": { text: "segment" },
    "by text, rare": { text: "needle" },
    "by text, none": { text: "no such text" },
    "by a record's id": { text: "id-0424242" },
    "by rule, case and time": { rule: "pii/email", case: "licensing", since: 1_700_000_100_000 },
  } as const;
  const time = async (name: string, work: () => Promise<number>): Promise<void> => {
    const times: number[] = [];
    let items = 0;
    for (let round = 0; round < 9; round += 1) {
      const started = performance.now();
      items = await work();
      times.push(performance.now() - started);
    }
    times.sort((one, other) => one - other);
    process.stdout.write(
      `${name.padEnd(26)} ${(times[4] ?? 0).toFixed(1).padStart(8)} ${(times[8] ?? 0).toFixed(1).padStart(8)}  ${items}\n`,
    );
  };
  for (const [name, filter] of Object.entries(filters)) await time(name, async () => (await reader.list(filter)).items.length);
  await time("the overview's counts", async () => {
    const { records } = await readCounts(archive.db, Date.now());
    return records.reduce((sum, row) => sum + row.count, 0);
  });
  await time("incidents", async () => (await listIncidents(archive.db, { open: true })).items.length);
  await archive.close();
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}

/** One in a hundred thousand is rare; the rest are what Segment's tracks make. */
function fill(db: Sqlite.Database): void {
  db.exec("pragma synchronous = off; pragma journal_mode = off");
  db.exec(`
    insert into records (id, identity, occurrences, first_seen, last_seen, unexpected, transferred, port, more_findings, body_bytes, incident, replica,
      status, case_name, destination, host, method, path, client, entry, verdict, findings, rules, body_hmac, policy_digest, search, search_key, event_kind, reason, structure, due_at, due_told)
    with recursive n(i) as (select 0 union all select i + 1 from n where i < ${count - 1})
    select printf('id-%07d', i), 'identity-' || i, 1, 1700000000000 + i, 1700000000000 + i, 1, i % 100000 = 5, 443, 0, 769, 'inc-' || (i % 500), 'bench',
      case when i % 100000 = 5 then 'reported' else 'open' end, case when i % 50 = 0 then 'licensing' else 'event-collection' end, 'segment', 'api.segment.io',
      'POST', '/v1/batch', '10.0.' || (i % 7) || '.' || (i % 200), 'connect', 'block', '[]', case when i % 100000 = 77 then 'secret/rare' else 'pii/email' end, 'ab', 'cd',
      'event-collection segment api.segment.io post /v1/batch track 10.0.' || (i % 7) || '.' || (i % 200) || ' unexpected-data-transfer pii/email /batch/0/properties/email'
        || case when i % 100000 = 77 then ' needle' else '' end, '', 'track', 'unexpected-data-transfer', null, case when i % 100000 = 5 then 1700000000000 + i end, 0
    from n`);
  db.exec("insert into record_rules (rule, record, last_seen) select rules, id, last_seen from records");
  db.exec("update records set search_key = search");
  db.exec("insert into searches (key, text) select distinct search, search from records");
  db.exec(`insert into record_counts (day, case_name, status, transferred, unexpected, count)
    select first_seen / 86400000, case_name, status, transferred, unexpected, count(*) from records group by 1, 2, 3, 4, 5`);
  db.exec(`insert into incidents (id, case_name, destination, event_kind, rules, records, open_records, occurrences, transferred, first_seen, last_seen)
    select incident, min(case_name), destination, event_kind, min(rules), count(*), count(*), count(*), sum(transferred), min(first_seen), max(last_seen)
    from records group by incident, destination, event_kind`);
  db.close();
}
