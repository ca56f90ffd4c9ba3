import { randomBytes } from "node:crypto";
import type { Pseudonyms } from "../model/ports.js";
import { pseudonymsOf } from "./installation-key.js";

/** Pseudonyms by a key of this run only: for commands that store nothing, so that nothing needs to correlate with the record. */
export function passingKey(): Pseudonyms {
  return pseudonymsOf(randomBytes(32));
}
