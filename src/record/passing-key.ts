import { createHmac, randomBytes } from "node:crypto";
import type { Pseudonyms } from "../model/ports.js";

/** Pseudonyms by a key of this run only: for commands that store nothing, so that nothing needs to correlate with the record. */
export function passingKey(): Pseudonyms {
  const key = randomBytes(32);
  const hmac = (value: Uint8Array | string): string => createHmac("sha256", key).update(value).digest("hex");
  return { hmac, short: (value) => `{${hmac(value).slice(0, 8)}}` };
}
