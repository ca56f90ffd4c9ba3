import Sqlite from "better-sqlite3";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { FaultsError } from "../model/fault.js";

/**
 * Takes the data folder for this process, so that no two write one spool and one chain. The lock is the operating system's, by way of
 * SQLite's own: it goes with the process, however it dies, so there is no stale lock and no process id to compare (in containers every
 * process has id 1).
 * @throws FaultsError where another process has it, or the folder can't be written.
 */
export function lockFolder(dataDir: string): { release(): void } {
  const file = join(dataDir, "record.lock");
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const lock = new Sqlite(file, { timeout: 0 });
    try {
      lock.exec("begin exclusive");
    } catch (error) {
      lock.close();
      throw error;
    }
    return { release: () => void lock.close() };
  } catch (error) {
    const busy = error instanceof Sqlite.SqliteError && error.code.startsWith("SQLITE_BUSY");
    throw new FaultsError("The data folder can't be taken.", [
      busy
        ? {
            where: file,
            what: "Another egress-proxy is running on this folder.",
            mend: "Stop it, or give this one its own folder with --data.",
          }
        : {
            where: dataDir,
            what: error instanceof Error ? error.message : String(error),
            mend: "Give the proxy's user this folder, writable, or name another with --data.",
          },
    ]);
  }
}
