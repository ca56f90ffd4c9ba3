import { randomFillSync } from "node:crypto";

const POOL = 2_048;
const pool = Buffer.alloc(POOL);
let used = POOL;
/** The 48 bits of time as they were last written: of a request's id half the cost is to write them in hex. */
let written = { at: -1, text: "" };

/**
 * A UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, then 74 random bits, so that ids sort by time and can't be guessed. Random
 * bytes come from a pool, since a call into the system for each request costs more than the rest of the id.
 */
export function newExchangeId(now: number = Date.now()): string {
  if (used + 10 > POOL) {
    randomFillSync(pool);
    used = 0;
  }
  if (written.at !== now) {
    const time = now.toString(16).padStart(12, "0");
    written = { at: now, text: `${time.slice(0, 8)}-${time.slice(8)}` };
  }
  const version = (0x7000 | (pool.readUInt16BE(used) & 0x0fff)).toString(16);
  const variant = (0x8000 | (pool.readUInt16BE(used + 2) & 0x3fff)).toString(16);
  const random = pool.toString("hex", used + 4, used + 10);
  used += 10;
  return `${written.text}-${version}-${variant}-${random}`;
}
