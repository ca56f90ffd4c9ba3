import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { FaultsError } from "../model/fault.js";
import type { SupportDesk } from "../model/support-desk.js";

const WINDOW = z.strictObject({
  /** Milliseconds since the epoch. */
  opened: z.int(),
  until: z.int(),
  by: z.string(),
  reason: z.string(),
  closed: z.strictObject({ at: z.int(), by: z.string() }).optional(),
});
const FILE = z.strictObject({ windows: z.array(WINDOW) });

/** A time in which the vendor's support may ask; it ends by itself. */
export type SupportWindow = Readonly<z.output<typeof WINDOW>>;

/** Windows that are remembered. */
const KEPT = 500;
const LONGEST_MS = 7 * 86_400_000;

/**
 * The windows of access, in `support-windows.json` of the data folder: small, rarely written, replaced whole and synced. Whoever opens a window
 * is a person at the command line, in another process than the gateway, which therefore reads the file at each request.
 */
export class SupportWindows implements SupportDesk {
  readonly #path: string;

  constructor(dataDir: string) {
    this.#path = join(dataDir, "support-windows.json");
  }

  /** The window that is open now. A file that can't be read opens nothing. */
  openAt(now: number): SupportWindow | undefined {
    try {
      return this.list().findLast((window) => window.closed === undefined && window.opened <= now && now < window.until);
    } catch {
      return undefined;
    }
  }

  /** Every window, the oldest first. @throws FaultsError where the file holds something else */
  list(): readonly SupportWindow[] {
    if (!existsSync(this.#path)) return [];
    try {
      return FILE.parse(JSON.parse(readFileSync(this.#path, "utf8"))).windows;
    } catch {
      throw fault(this.#path, "The file holds no windows of access.", "Remove it: support is closed without it.");
    }
  }

  /**
   * Opens a window; one that is open already ends with it.
   *
   * @param forMs milliseconds, seven days at most
   * @throws FaultsError where the time or the reason can't be taken
   */
  open({
    now,
    forMs,
    by,
    reason,
  }: {
    readonly now: number;
    readonly forMs: number;
    readonly by: string;
    readonly reason: string;
  }): SupportWindow {
    if (reason.trim() === "")
      throw fault("--reason", "A window of access needs a reason.", "Say what support is to look at, and its ticket.");
    if (!Number.isSafeInteger(forMs) || forMs < 60_000 || forMs > LONGEST_MS) {
      throw fault("--for", "A window lasts from one minute to seven days.", "Write such as 30m, 2h or 1d.");
    }
    const opened: SupportWindow = { opened: now, until: now + forMs, by, reason };
    this.#replace([...this.#closed(now, by), opened]);
    return opened;
  }

  /** @returns false where none is open */
  close(now: number, by: string): boolean {
    if (this.openAt(now) === undefined) return false;
    this.#replace(this.#closed(now, by));
    return true;
  }

  #closed(now: number, by: string): SupportWindow[] {
    return this.list().map((window) =>
      window.closed === undefined && now < window.until ? { ...window, closed: { at: now, by } } : window,
    );
  }

  #replace(windows: readonly SupportWindow[]): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const draft = `${this.#path}.new`;
    const file = openSync(draft, "w", 0o600);
    try {
      writeSync(file, `${JSON.stringify({ windows: windows.slice(-KEPT) }, null, 2)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, this.#path);
  }
}

function fault(where: string, what: string, mend: string): FaultsError {
  return new FaultsError("The window of access can't be changed:", [{ where, what, mend }]);
}
