import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { openRecordRoom, type RecordRoomOptions } from "./record-room.js";
import { spoolFile } from "./spool.js";
import { workerFolder, workerIndices } from "./worker-folder.js";

/**
 * Brings into the store what workers left that are no more, since there are now fewer: nothing that was answered may wait for a worker that
 * never comes. Where the store is away, it stays for the next start.
 *
 * @param crew workers that there are now; they take up their own
 */
export async function adoptLeft(options: Omit<RecordRoomOptions, "worker">, crew: number): Promise<void> {
  for (const worker of workerIndices(options.dataDir)) {
    const folder = workerFolder(options.dataDir, worker);
    if (worker < crew || !leftSomething(folder)) continue;
    // Its numbers would stand beside this process's own.
    const metrics = { recordsSpooled: () => undefined, unexpectedTransfersOpen: () => undefined, materialChanges: () => undefined };
    const room = await openRecordRoom({ ...options, metrics, worker });
    await room.flush();
    await room.close();
    options.logger.info("Took up what a former worker left.", { worker });
  }
}

function leftSomething(folder: string): boolean {
  const spooled = statSync(spoolFile(folder), { throwIfNoEntry: false });
  const sealed = statSync(join(folder, "evidence"), { throwIfNoEntry: false });
  return (spooled?.size ?? 0) > 0 || (sealed !== undefined && readdirSync(join(folder, "evidence")).length > 0);
}
