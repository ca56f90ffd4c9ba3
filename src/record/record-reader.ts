import type { Kysely, SelectQueryBuilder } from "kysely";
import { sql } from "kysely";
import type { DeskFilter, DeskHistoryEntry, DeskPage, DeskRecord } from "../model/record-desk.js";
import type { Transfer } from "../model/transfer.js";
import { newRecord, withOccurrence } from "./projection.js";
import { holdsText, narrowByDue, narrowByRule, narrowByText } from "./record-narrowing.js";
import { cursorAfter, impliesUntil, matches, pageSize, placeOf } from "./record-filter.js";
import { recordView } from "./record-view.js";
import type { RecordRow, Tables } from "./schema.js";

/** Entries of one record that are shown with it; occurrences can be thousands. */
const HISTORY = 200;

type RecordQuery = SelectQueryBuilder<Tables, "records", RecordRow>;

/**
 * Reads records from the store and lays what is still spooled over them, so that a record is found from the moment it is durable.
 * @param spooled gives the transfers of the spool, oldest first.
 */
export class RecordReader {
  readonly #db: Kysely<Tables>;
  readonly #spooled: () => Promise<readonly Transfer[]>;

  constructor(db: Kysely<Tables>, spooled: () => Promise<readonly Transfer[]>) {
    this.#db = db;
    this.#spooled = spooled;
  }

  /** Newest occurrence first. What is only in the spool stands at the head of the first page, beyond its size. Throws RangeError on a bad cursor. */
  async list(filter: DeskFilter): Promise<DeskPage<DeskRecord>> {
    const overlay = await this.#overlay();
    const limit = pageSize(filter);
    const query = await this.#query(filter);
    const rows = query === undefined ? [] : await query.limit(limit + 1).execute();
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const fresh = filter.cursor === undefined ? [...overlay.values()].filter((row) => row.spooledOnly && matches(row.row, filter)) : [];
    return {
      items: [
        ...fresh.map(({ row }) => recordView(row, true)).reverse(),
        ...page.map((row) => recordView(overlay.get(row.identity)?.row ?? row, overlay.has(row.identity))),
      ],
      next: rows.length > limit && last !== undefined ? cursorAfter(last) : undefined,
    };
  }

  /** The record of this id, or of the exchange of this id that was an occurrence of it. */
  async get(id: string): Promise<DeskRecord | undefined> {
    const overlay = await this.#overlay();
    for (const { row, ids } of overlay.values()) if (row.id === id || ids.has(id)) return recordView(row, true);
    const row = await this.#row(id);
    return row && recordView(row);
  }

  /** What happened to a record, oldest first, the newest 200 entries. */
  async history(id: string): Promise<readonly DeskHistoryEntry[]> {
    const rows = await this.#db
      .selectFrom("entries")
      .selectAll()
      .where("record", "=", id)
      .orderBy("at", "desc")
      .orderBy("seq", "desc")
      .limit(HISTORY)
      .execute();
    return rows.reverse().flatMap((row) => {
      if (row.kind === "prune") return [];
      const detail: unknown = row.body === null ? null : JSON.parse(row.body);
      return [{ id: row.id, kind: row.kind, at: new Date(row.at).toISOString(), replica: row.replica, detail }];
    });
  }

  /** When the record at this place, the newest first, was last seen. */
  async lastSeenOfRank(rank: number): Promise<number | undefined> {
    const row = await this.#db
      .selectFrom("records")
      .select("last_seen")
      .orderBy("last_seen", "desc")
      .orderBy("id", "desc")
      .offset(rank)
      .limit(1)
      .executeTakeFirst();
    return row?.last_seen;
  }

  /** Every record that matches, page by page. */
  async *exportAll(filter: DeskFilter = {}): AsyncGenerator<DeskRecord, void> {
    let cursor = filter.cursor;
    do {
      const page: DeskPage<DeskRecord> = await this.list({ ...filter, cursor, limit: 500 });
      yield* page.items;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  /** Undefined where nothing can match. */
  async #query(filter: DeskFilter): Promise<RecordQuery | undefined> {
    let query: RecordQuery = this.#db.selectFrom("records").selectAll();
    const { rule, since, until, text } = filter;
    if (filter.case !== undefined) query = query.where(sql<string>`case_name`, "=", filter.case);
    if (filter.status !== undefined) query = query.where("status", "=", filter.status);
    if (filter.transferred !== undefined) query = query.where("transferred", "=", Number(filter.transferred));
    if (filter.incident !== undefined) query = query.where("incident", "=", filter.incident);
    if (since !== undefined) query = query.where("last_seen", ">=", since);
    if (until !== undefined && !impliesUntil(filter.cursor, until)) query = query.where("last_seen", "<", until);
    if (filter.dueBefore !== undefined) {
      const narrowed = await narrowByDue(this.#db, filter.dueBefore);
      if (narrowed.kind === "ids" && narrowed.ids.length === 0) return undefined;
      query = narrowed.kind === "ids" ? query.where("id", "in", narrowed.ids) : query.where("due_at", "<", filter.dueBefore);
    }
    if (text !== undefined) {
      const narrowed = await narrowByText(this.#db, text);
      if (narrowed.kind === "ids") {
        if (narrowed.ids.length === 0) return undefined;
        query = query.where("id", "in", narrowed.ids);
      } else {
        query = query.where("search_key", "in", (column) => column.selectFrom("searches").select("searches.key").where(holdsText(text)));
      }
    }
    if (rule !== undefined) {
      const narrowed = await narrowByRule(this.#db, rule);
      if (narrowed.kind === "ids") {
        if (narrowed.ids.length === 0) return undefined;
        query = query.where("id", "in", narrowed.ids);
      } else {
        query = query.where((column) =>
          column.exists(
            column
              .selectFrom("record_rules")
              .select("record_rules.record")
              .whereRef("record_rules.record", "=", "records.id")
              .where((inner) => inner.or([inner("rule", "=", rule), inner("rule", "like", `${rule.replace(/[%_]/g, "")}/%`)])),
          ),
        );
      }
    }
    if (filter.cursor !== undefined) query = query.where(placeOf(filter.cursor));
    return query.orderBy("last_seen", "desc").orderBy("id", "desc");
  }

  async #row(id: string): Promise<RecordRow | undefined> {
    const row = await this.#db.selectFrom("records").selectAll().where("id", "=", id).executeTakeFirst();
    if (row !== undefined) return row;
    const entry = await this.#db.selectFrom("entries").select("record").where("id", "=", id).executeTakeFirst();
    return entry && this.#db.selectFrom("records").selectAll().where("id", "=", entry.record).executeTakeFirst();
  }

  /** By identity: records as they will be once the spool is drained. */
  async #overlay(): Promise<Map<string, { row: RecordRow; ids: Set<string>; spooledOnly: boolean }>> {
    const overlay = new Map<string, { row: RecordRow; ids: Set<string>; spooledOnly: boolean }>();
    const transfers = await this.#spooled();
    for (let start = 0; start < transfers.length; start += 500) {
      const some = transfers.slice(start, start + 500);
      const ids = some.map((transfer) => transfer.id);
      const drained = new Set(
        (await orNone(this.#db.selectFrom("entries").select("id").where("id", "in", ids).execute())).map((row) => row.id),
      );
      const identities = [...new Set(some.map((transfer) => transfer.identity))];
      const stored = await orNone(this.#db.selectFrom("records").selectAll().where("identity", "in", identities).execute());
      const storedBy = new Map(stored.map((row) => [row.identity, row]));
      for (const transfer of some) {
        if (drained.has(transfer.id)) continue;
        const known = overlay.get(transfer.identity);
        const before = known?.row ?? storedBy.get(transfer.identity);
        const row = before === undefined ? newRecord(transfer, "") : withOccurrence(before, transfer);
        const spooledOnly = known?.spooledOnly ?? before === undefined;
        overlay.set(transfer.identity, { row, ids: new Set(known?.ids).add(transfer.id), spooledOnly });
      }
    }
    return overlay;
  }
}

/** While the store is away, what is spooled is still to be found; the caller's own query tells of the fault. */
function orNone<Row>(rows: Promise<readonly Row[]>): Promise<readonly Row[]> {
  return rows.catch(() => []);
}
