import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { listIncidents } from "../src/record/incident-reader.js";
import { openRecordArchive } from "../src/record/record-archive.js";
import { readCounts } from "../src/record/record-counts.js";
import { openRecordStore } from "../src/record/record-store.js";
import { fillRecords } from "./load/records-fill.js";

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
  fillRecords(join(dataDir, "records.db"), count);
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
