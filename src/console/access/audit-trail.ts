import { appendFileSync, existsSync, openSync, closeSync, fstatSync, readSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Clock, Logger } from "../../model/ports.js";

const ENTRY = z.object({ at: z.string(), who: z.string(), from: z.string(), what: z.string(), on: z.string().exactOptional() });

export type AuditEntry = z.output<typeof ENTRY>;

/** Bytes of the trail's end that the page reads. */
const SHOWN_BYTES = 65_536;

/** Who signed in, and who changed what: a line of JSON each in `console-audit.ndjson`, and in the log. */
export class AuditTrail {
  readonly path: string;
  readonly #logger: Logger;
  readonly #clock: Clock;

  constructor(dataDir: string, logger: Logger, clock: Clock) {
    this.path = join(dataDir, "console-audit.ndjson");
    this.#logger = logger;
    this.#clock = clock;
  }

  /** Written before the change is answered. @throws where the disk refuses it, so that nothing changes untraced. */
  note(entry: { readonly who: string; readonly from: string; readonly what: string; readonly on?: string | undefined }): void {
    const { who, from, what, on } = entry;
    const line = { at: new Date(this.#clock.now()).toISOString(), who, from, what, ...(on === undefined ? {} : { on }) };
    appendFileSync(this.path, `${JSON.stringify(line)}\n`, { mode: 0o600 });
    this.#logger.info("Console audit.", line);
  }

  /** The newest entries, newest first. */
  newest(most: number): readonly AuditEntry[] {
    if (!existsSync(this.path)) return [];
    const file = openSync(this.path, "r");
    try {
      const { size } = fstatSync(file);
      const start = Math.max(0, size - SHOWN_BYTES);
      const bytes = Buffer.alloc(size - start);
      readSync(file, bytes, 0, bytes.length, start);
      const lines = bytes
        .toString("utf8")
        .split("\n")
        .slice(start > 0 ? 1 : 0);
      return lines.flatMap(readEntry).reverse().slice(0, most);
    } finally {
      closeSync(file);
    }
  }
}

function readEntry(line: string): AuditEntry[] {
  if (line === "") return [];
  try {
    const parsed = ENTRY.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}
