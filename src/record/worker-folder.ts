import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Where a worker keeps what it alone writes: its lock, its spool, its checkpoints. */
export function workerFolder(dataDir: string, index: number): string {
  return join(dataDir, "workers", String(index));
}

/** The folders of the workers that a data folder has, or had when there were more of them. */
export function workerFolders(dataDir: string): string[] {
  return workerIndices(dataDir).map((index) => workerFolder(dataDir, index));
}

/** The numbers of those workers, lowest first. */
export function workerIndices(dataDir: string): number[] {
  try {
    const names = readdirSync(join(dataDir, "workers"));
    return names
      .filter((name) => /^\d{1,2}$/.test(name))
      .map(Number)
      .sort((one, other) => one - other);
  } catch {
    return [];
  }
}
