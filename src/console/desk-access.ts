import type { DeskHistoryEntry, DeskRecord, DeskStatusChange, RecordDesk, TransferStatus } from "../model/record-desk.js";
import { NEXT_STATUSES } from "../model/record-desk.js";
import { RECORD_ID } from "./api/schemas.js";
import { Problem } from "./problem.js";

/** Asks the record, and tells a cursor that it never gave from a store that is away. */
export async function ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (error instanceof RangeError) {
      throw new Problem("invalid-request", undefined, { invalid: [{ name: "cursor", reason: "This list never gave such a cursor." }] });
    }
    throw new StoreAway(error);
  }
}

/** The store's own fault goes to the log by its name; the answer says only that it is away. */
export class StoreAway extends Problem {
  readonly fault: string;

  constructor(error: unknown) {
    super("store-away", undefined, { headers: { "Retry-After": "5" } });
    this.fault = error instanceof Error ? `${error.name}: ${"code" in error ? String(error.code) : ""}` : "unknown";
  }
}

/** @throws Problem where there is none of this id. */
export async function findRecord(
  desk: RecordDesk,
  id: string,
): Promise<{ readonly record: DeskRecord; readonly history: readonly DeskHistoryEntry[] }> {
  const record = RECORD_ID.safeParse(id).success ? await ask(() => desk.get(id)) : undefined;
  if (record === undefined) throw new Problem("not-found", "No record and no exchange has this id.");
  return { record, history: await ask(() => desk.history(record.id)) };
}

/** How long a vendor has to answer where nobody says otherwise. */
export const ANSWER_MS = 14 * 86_400_000;

/** Changes a status. @throws Problem where the workflow has no such step. */
export async function changeStatus(desk: RecordDesk, id: string, change: DeskStatusChange): Promise<void> {
  const due = change.status === "reported" ? (change.due ?? change.at + ANSWER_MS) : undefined;
  if (due !== undefined && (due < change.at || due > change.at + 366 * 86_400_000)) {
    const reason = "Write a day from today on, a year ahead at most.";
    throw new Problem("invalid-request", undefined, { invalid: [{ name: "due", reason }] });
  }
  const done = await ask(() => desk.setStatus(id, { ...change, due }));
  if (done.outcome === "no-record") throw new Problem("not-found", "The record is still in the spool. Try again once the store took it.");
  if (done.outcome === "not-allowed") throw new Problem("conflict", stepSentence(done.from, change.status));
}

function stepSentence(from: TransferStatus | undefined, to: TransferStatus): string {
  if (from === undefined) return `It can't become ${to} now.`;
  const next = NEXT_STATUSES[from];
  return `It is ${from}, and from there it can become ${next.length === 0 ? "nothing else" : next.join(" or ")}, not ${to}.`;
}
