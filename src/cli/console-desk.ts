import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { InventoryPort } from "../model/console-ports.js";
import type { RecordDesk } from "../model/record-desk.js";
import { openDatabase } from "../record/database.js";
import { readOrCreateKey } from "../record/key-file.js";
import { migrate } from "../record/migrations.js";
import { openRecordArchive } from "../record/record-archive.js";
import { locate } from "../record/record-location.js";
import { changeStatus } from "../record/status-change.js";

const PATIENCE_MS = 5_000;

/**
 * The record as a console that runs apart opens it: beside a proxy that may be running on the same data folder, without its lock. Its status
 * changes go into the chain of the replica that the data folder names.
 *
 * @throws FaultsError where the store's URL is wrong
 */
export async function openDeskBeside(
  dataDir: string,
  url: string | undefined,
): Promise<{
  readonly desk: RecordDesk;
  readonly inventory: InventoryPort;
  readonly warning: string | undefined;
  readonly close: () => Promise<void>;
}> {
  const location = locate(dataDir, url);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (location.kind === "sqlite" && !existsSync(location.file)) {
    // So that what a proxy writes later is seen: an archive of a store that does not exist stays empty.
    const made = openDatabase(location, { write: true, timeoutMs: PATIENCE_MS });
    try {
      await migrate(made.db);
    } finally {
      await made.close();
    }
  }
  const archive = await openRecordArchive(dataDir, url);
  const replica = readOrCreateKey(join(dataDir, "replica"), () => Buffer.from(`console-${randomBytes(4).toString("hex")}\n`))
    .toString("utf8")
    .trim();
  const { reader } = archive;
  return {
    desk: {
      list: (filter) => reader.list(filter),
      get: (id) => reader.get(id),
      history: (id) => reader.history(id),
      incidents: (filter) => reader.incidents(filter),
      exportAll: (filter) => reader.exportAll(filter),
      setStatus: async (id, change) => {
        const database = openDatabase(location, { write: true, timeoutMs: PATIENCE_MS });
        try {
          return await changeStatus(database, replica, id, `status-${randomBytes(16).toString("hex")}`, change);
        } finally {
          await database.close();
        }
      },
    },
    inventory: archive.inventory,
    warning: archive.warning,
    close: () => archive.close(),
  };
}
