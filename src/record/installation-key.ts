import { createHmac, randomBytes } from "node:crypto";
import { join } from "node:path";
import { FaultsError } from "../model/fault.js";
import type { Pseudonyms } from "../model/ports.js";
import { readOrCreateKey } from "./key-file.js";

const KEY_BYTES = 32;

/** Keeps these HMACs apart from whatever else the same key may one day make. */
const DOMAIN = "egress-proxy/pseudonym/1\0";

/** Pseudonyms under a key; equal keys, in whichever thread, give equal pseudonyms. */
export function pseudonymsOf(key: Uint8Array): Pseudonyms {
  const hmac = (value: Uint8Array | string) => createHmac("sha256", key).update(DOMAIN).update(value).digest("hex");
  return { hmac, short: (value) => `{${hmac(value).slice(0, 8)}}` };
}

/** What consoles of one installation seal sessions with: derived, so that it is no pseudonym's key. */
export function consoleKeyOf(key: Uint8Array): Buffer {
  return createHmac("sha256", key).update("egress-proxy/console/1\0").digest();
}

/** This installation's pseudonyms; see `readInstallationKey`. */
export function openInstallationKey(dataDir: string): Pseudonyms {
  return pseudonymsOf(readInstallationKey(dataDir));
}

/**
 * This installation's key, `installation.key` in the data folder (32 random bytes, mode 0600, created at first use). Without the key a
 * digest of a guessable value tells nothing; with another key every value gets another name.
 * @throws FaultsError where others can read the key, or its size is wrong.
 */
export function readInstallationKey(dataDir: string): Buffer {
  const file = join(dataDir, "installation.key");
  const key = readOrCreateKey(file, () => randomBytes(KEY_BYTES));
  if (key.length !== KEY_BYTES) {
    throw new FaultsError("The installation key is damaged.", [
      {
        where: file,
        what: `It holds ${key.length} bytes where ${KEY_BYTES} belong.`,
        mend: "Restore it from a backup; where there is none, delete it: values recorded so far then no longer correlate with new ones.",
      },
    ]);
  }
  return key;
}
