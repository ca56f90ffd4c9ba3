import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Tables } from "./schema.js";

/** Records up to which a list is read by their ids; what is more frequent than that is met soon on the way down the list itself. */
const RARE = 5_000;
const MOST_KEYS = 500;

/** What a filter leaves: these records alone, or so many that the list is better read in its own order. */
export type Narrowed = { readonly kind: "ids"; readonly ids: readonly string[] } | { readonly kind: "many" };

/** Records with a rule, or with any rule of a category. */
export async function narrowByRule(db: Kysely<Tables>, rule: string): Promise<Narrowed> {
  const rules = rule.includes("/") ? [rule] : await rulesOf(db, rule);
  if (rules.length === 0) return { kind: "ids", ids: [] };
  const rows = await db
    .selectFrom("record_rules")
    .select("record")
    .where("rule", "in", rules)
    .limit(RARE + 1)
    .execute();
  return rows.length > RARE ? { kind: "many" } : { kind: "ids", ids: [...new Set(rows.map((row) => row.record))] };
}

/** Records whose due date lies before it; few wait for an answer, and a list in its own order would look at all. */
export async function narrowByDue(db: Kysely<Tables>, before: number): Promise<Narrowed> {
  const rows = await db
    .selectFrom("records")
    .select("id")
    .where("due_at", "<", before)
    .orderBy("due_at")
    .limit(RARE + 1)
    .execute();
  return rows.length > RARE ? { kind: "many" } : { kind: "ids", ids: rows.map((row) => row.id) };
}

/** From name to name by the index, since `distinct` would read every row of it. */
async function rulesOf(db: Kysely<Tables>, category: string): Promise<string[]> {
  const rules: string[] = [];
  for (let after = `${category}/`; rules.length < MOST_KEYS; ) {
    const row = await db.selectFrom("record_rules").select("rule").where("rule", ">", after).orderBy("rule").limit(1).executeTakeFirst();
    if (row === undefined || !row.rule.startsWith(`${category}/`)) break;
    rules.push(row.rule);
    after = row.rule;
  }
  return rules;
}

/** Records whose search text holds `text`, or whose id begins with it. */
export async function narrowByText(db: Kysely<Tables>, text: string): Promise<Narrowed> {
  const keys = await db.selectFrom("searches").select("key").where(holdsText(text)).limit(MOST_KEYS).execute();
  if (keys.length === MOST_KEYS) return { kind: "many" };
  const ids = new Set<string>();
  if (keys.length > 0) {
    const rows = await db
      .selectFrom("records")
      .select("id")
      .where(
        "search_key",
        "in",
        keys.map((row) => row.key),
      )
      .limit(RARE + 1)
      .execute();
    if (rows.length > RARE) return { kind: "many" };
    for (const { id } of rows) ids.add(id);
  }
  const named = await db.selectFrom("records").select("id").where("id", ">=", text).where("id", "<", `${text}zz`).limit(RARE).execute();
  for (const { id } of named) ids.add(id);
  return { kind: "ids", ids: [...ids] };
}

/** A condition on `searches`. */
export function holdsText(text: string) {
  return sql<boolean>`searches.text like ${`%${text.toLowerCase().replace(/[!%_]/g, (special) => `!${special}`)}%`} escape '!'`;
}
