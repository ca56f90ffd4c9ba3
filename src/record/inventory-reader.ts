import type { Kysely } from "kysely";
import { isBehind } from "./record-filter.js";
import type { InventoryItem } from "../model/console-ports.js";
import type { InventoryRow } from "./desk-schema.js";
import type { Tables } from "./schema.js";

interface InventoryFilter {
  /** Only what nobody has accepted yet. */
  readonly changes?: boolean | undefined;
  readonly case?: string | undefined;
  readonly cursor?: string | undefined;
  /** 1 to 1,000; 100 where it is not given. */
  readonly limit?: number | undefined;
}

/** Reads what has left the building, the newest first sight first. */
export class InventoryReader {
  readonly #db: Kysely<Tables>;

  constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** Throws RangeError on a cursor that it never gave. */
  async list(filter: InventoryFilter): Promise<{ readonly items: readonly InventoryItem[]; readonly next: string | undefined }> {
    const limit = Math.min(Math.max(Math.trunc(filter.limit ?? 100), 1), 1_000);
    let query = this.#db.selectFrom("inventory").selectAll();
    if (filter.changes === true) query = query.where("change", "=", 1);
    const { case: caseName, cursor } = filter;
    if (caseName !== undefined) query = query.where((column) => column(column.cast<string>("case_name", "text"), "=", caseName));
    if (cursor !== undefined) {
      const place = /^(\d{1,15}) ([0-9a-f]{32})$/.exec(Buffer.from(cursor, "base64url").toString("utf8"));
      const [, seen, id] = place ?? [];
      if (seen === undefined || id === undefined) throw new RangeError("The cursor is none that this list gave.");
      query = query.where(isBehind("first_seen", Number(seen), id));
    }
    const rows = await query
      .orderBy("first_seen", "desc")
      .orderBy("id", "desc")
      .limit(limit + 1)
      .execute();
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const next = rows.length > limit && last !== undefined ? Buffer.from(`${last.first_seen} ${last.id}`).toString("base64url") : undefined;
    return { items: page.map(itemOf), next };
  }

  /** Everything, by case, destination and path; bounded by what the inventory may hold. */
  async all(filter: Pick<InventoryFilter, "changes" | "case"> = {}): Promise<readonly InventoryItem[]> {
    const items: InventoryItem[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.list({ ...filter, cursor, limit: 1_000 });
      items.push(...page.items);
      cursor = page.next;
    } while (cursor !== undefined);
    const name = (item: InventoryItem): string => [item.case, item.destination, item.path, item.type].join("\n");
    return items
      .map((item) => ({ item, name: name(item) }))
      .sort((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0))
      .map(({ item }) => item);
  }
}

/** An event kind and a destination stand as a path of their own, so that one list shows all. */
function itemOf(row: InventoryRow): InventoryItem {
  return {
    case: row.case_name,
    destination: row.destination,
    path:
      row.kind === "path"
        ? row.path
        : row.kind === "event"
          ? row.path
          : row.kind === "destination"
            ? "(destination)"
            : "(past the inventory's bounds)",
    type: row.kind === "path" ? row.type : row.kind === "event" ? "event kind" : row.kind,
    lengthClass: row.length_class,
    count: row.count,
    firstSeen: new Date(row.first_seen).toISOString(),
    lastSeen: new Date(row.last_seen).toISOString(),
    materialChange: row.change === 1,
  };
}
