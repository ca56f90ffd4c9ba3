import type { Logger } from "../model/ports.js";
import type { RecordStore } from "./record-store.js";

/** How long and how much is kept; 0 is no bound. */
export interface KeepSettings {
  readonly days: number;
  /** Records; past it the oldest go, but for those that reached the vendor and are not closed. */
  readonly records: number;
}

const DAY_MS = 86_400_000;

/** Prunes what is past its time or its number. A failure is told and tried again with the next turn. */
export async function keepWithin(store: RecordStore, keep: KeepSettings, now: number, logger: Logger): Promise<void> {
  try {
    const byNumber = keep.records === 0 ? undefined : await store.lastSeenOfRank(keep.records);
    const byAge = keep.days === 0 ? undefined : now - keep.days * DAY_MS;
    if (byNumber === undefined && byAge === undefined) return;
    const { records, kept } = await store.prune(Math.max(byNumber ?? 0, byAge ?? 0));
    if (records > 0) logger.info("Old records were pruned.", { records, kept });
  } catch (error) {
    logger.warn("Old records could not be pruned.", { cause: error instanceof Error ? error.message : String(error) });
  }
}
