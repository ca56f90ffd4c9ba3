import Sqlite from "better-sqlite3";

/**
 * Puts `count` records, with the counts and incidents made of them, into a store that `openRecordStore` has made and nobody has open. One in
 * a hundred thousand is rare; the rest are what Segment's tracks make. Not chained: such a store's chain does not verify.
 *
 * @param file path of records.db
 */
export function fillRecords(file: string, count: number): void {
  const db = new Sqlite(file);
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
  db.exec(`insert into incidents (id, case_name, destination, event_kind, reason, rules, records, open_records, occurrences, transferred, first_seen, last_seen)
    select incident, min(case_name), destination, event_kind, min(reason), min(rules), count(*), count(*), count(*), sum(transferred), min(first_seen), max(last_seen)
    from records group by incident, destination, event_kind`);
  db.close();
}
