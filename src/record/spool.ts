import { writeFileSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { open, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "../model/ports.js";
import type { Transfer } from "../model/transfer.js";
import { syncFolder } from "./key-file.js";
import { workerFolders } from "./worker-folder.js";
import { frame, MAX_PAYLOAD_BYTES, readFrames } from "./spool-frame.js";
import { parseTransfer, transferText } from "./transfer-text.js";

/** Past this the spool takes no more, so that a store that is away for weeks doesn't fill the host. */
const MAX_SPOOL_BYTES = 4 * 1024 ** 3;

/** Enough for one frame of the greatest size, so that a drain always gets on. */
const READ_BYTES = MAX_PAYLOAD_BYTES + 1024;

export function spoolFile(dataDir: string): string {
  return join(dataDir, "record.spool");
}

/**
 * Every whole transfer in the spools of a data folder, its workers' too, oldest first of each; none where there is no spool. For readers
 * beside the processes that write.
 */
export async function readSpool(dataDir: string): Promise<readonly Transfer[]> {
  const spools = await Promise.all([dataDir, ...workerFolders(dataDir)].map(readOne));
  return spools.flat();
}

async function readOne(folder: string): Promise<readonly Transfer[]> {
  const file = spoolFile(folder);
  if ((await stat(file).catch(() => undefined)) === undefined) return [];
  return readFrames(await readFile(file)).payloads.map(parseTransfer);
}

/** The local file that takes transfers while the store is away. One writer; calls must not overlap. */
export class Spool {
  readonly #handle: FileHandle;
  /** Bytes that hold whole, synced frames; whatever stands behind is cut off before the next append. */
  #length: number;
  #drained = 0;
  #count: number;
  #dirty = false;

  private constructor(handle: FileHandle, length: number, count: number) {
    this.#handle = handle;
    this.#length = length;
    this.#count = count;
  }

  /**
   * Opens the spool that a former process may have left. A torn tail was never acknowledged; it and damaged ranges are kept in a file
   * beside, said in the log, and don't hide the whole frames around them.
   */
  static async open(dataDir: string, logger: Logger): Promise<Spool> {
    const file = spoolFile(dataDir);
    const handle = await open(file, "a+", 0o600);
    syncFolder(dataDir);
    const bytes = await readFile(file);
    const frames = readFrames(bytes);
    const lost = [...frames.damaged, ...(frames.torn ? [[frames.consumed, bytes.length] as const] : [])];
    if (lost.length > 0) {
      const aside = `${file}.damaged-${Date.now()}`;
      writeFileSync(aside, Buffer.concat(lost.map(([start, end]) => bytes.subarray(start, end))), { mode: 0o600, flush: true });
      logger.error("The spool holds bytes that are no whole entry; they were set aside.", {
        file,
        aside,
        damagedRanges: frames.damaged.length,
        tornBytes: frames.torn ? bytes.length - frames.consumed : 0,
      });
    }
    const spool = new Spool(handle, frames.consumed, frames.payloads.length);
    if (frames.torn) await spool.#cutBack();
    return spool;
  }

  /** Transfers that are not drained yet. */
  get count(): number {
    return this.#count;
  }

  /**
   * Appends and syncs. Resolves once the bytes are on disk.
   * @throws where the disk takes them not; what was written in part is cut off again.
   */
  async append(transfers: readonly Transfer[]): Promise<void> {
    const bytes = Buffer.concat(transfers.map((transfer) => frame(transferText(transfer))));
    if (this.#length + bytes.length > MAX_SPOOL_BYTES) throw new Error(`The spool is at its limit of ${MAX_SPOOL_BYTES} bytes.`);
    if (this.#dirty) await this.#cutBack();
    this.#dirty = true;
    try {
      let written = 0;
      while (written < bytes.length) written += (await this.#handle.write(bytes, written)).bytesWritten;
      await this.#handle.datasync();
    } catch (error) {
      // If this fails too, the next append tries again before it writes.
      await this.#cutBack().catch(() => undefined);
      throw error;
    }
    this.#dirty = false;
    this.#length += bytes.length;
    this.#count += transfers.length;
  }

  /** The oldest transfers that are not drained, at most `most`, and what to hand to `drained` once the store has them. */
  async peek(most: number): Promise<{ readonly transfers: readonly Transfer[]; readonly upTo: number }> {
    const buffer = Buffer.alloc(Math.min(READ_BYTES, this.#length - this.#drained));
    const { bytesRead } = await this.#handle.read(buffer, 0, buffer.length, this.#drained);
    const frames = readFrames(buffer.subarray(0, bytesRead), most);
    return { transfers: frames.payloads.map(parseTransfer), upTo: this.#drained + frames.consumed };
  }

  drained(upTo: number, count: number): void {
    this.#drained = upTo;
    this.#count -= count;
  }

  /** Empties the file once everything in it is in the store. */
  async reset(): Promise<void> {
    this.#length = 0;
    this.#drained = 0;
    this.#count = 0;
    this.#dirty = true;
    await this.#cutBack();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async #cutBack(): Promise<void> {
    await this.#handle.truncate(this.#length);
    await this.#handle.datasync();
    this.#dirty = false;
  }
}
