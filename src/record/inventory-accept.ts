import type { Database } from "./database.js";

/** Marks the changes of now, of one case or of all, as seen by somebody. @returns how many */
export function acceptChanges(
  database: Database,
  { by, at, case: caseName }: { readonly by: string; readonly at: number; readonly case?: string | undefined },
): Promise<number> {
  return database.exclusively(async (db) => {
    let update = db.updateTable("inventory").set({ change: 0, accepted_by: by, accepted_at: at }).where("change", "=", 1);
    if (caseName !== undefined) update = update.where((column) => column(column.cast<string>("case_name", "text"), "=", caseName));
    const { numUpdatedRows } = await update.executeTakeFirstOrThrow();
    return Number(numUpdatedRows);
  });
}
