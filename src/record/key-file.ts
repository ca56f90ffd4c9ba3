import { linkSync, lstatSync, mkdirSync, openSync, closeSync, fsyncSync, readFileSync, unlinkSync, writeSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { FaultsError } from "../model/fault.js";

/** Others than the owner and the group may do nothing with a key. */
const OTHERS = 0o007;

/**
 * Reads a key file, or creates it with what `make` gives, mode 0600. Two processes that start at once end with the same key: the file is
 * written aside, synced, and linked into place, which fails for the second.
 * @throws FaultsError where the folder can't be written or others can read the file.
 */
export function readOrCreateKey(file: string, make: () => Buffer): Buffer {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    if (!exists(file)) create(file, make());
    const mode = lstatSync(file).mode & 0o777;
    if ((mode & OTHERS) !== 0) {
      throw new FaultsError("A key is open to others.", [
        { where: file, what: `Its mode is 0${mode.toString(8)}, so every user of this host can read it.`, mend: `Run: chmod 600 ${file}` },
      ]);
    }
    return readFileSync(file);
  } catch (error) {
    if (error instanceof FaultsError || !(error instanceof Error)) throw error;
    throw new FaultsError("A key can't be read or written.", [
      { where: file, what: error.message, mend: "Give the proxy's user this folder, writable, or name another with --data." },
    ]);
  }
}

function create(file: string, content: Buffer): void {
  const aside = `${file}.${process.pid}.${randomBytes(6).toString("hex")}`;
  const handle = openSync(aside, "wx", 0o600);
  try {
    writeSync(handle, content);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  try {
    linkSync(aside, file);
    syncFolder(dirname(file));
  } catch (error) {
    if (!isExisting(error)) throw error;
  } finally {
    unlinkSync(aside);
  }
}

/** Makes a new name in a folder outlast a power cut. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function exists(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

function isExisting(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EEXIST";
}
