import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Replaces a small file whole: readers see the old text or the new one, and the new one is on disk once this returns. Its owner alone reads it.
 *
 * @throws Error where the disk takes nothing; the old file stays then
 */
export function replaceFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.new`;
  synced(openSync(draft, "w", 0o600), (file) => writeSync(file, text));
  renameSync(draft, path);
  synced(openSync(dirname(path), "r"), () => undefined);
}

function synced(file: number, write: (file: number) => void): void {
  try {
    write(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
