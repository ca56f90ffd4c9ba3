import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { z } from "zod";

/** A password's scrypt hash (RFC 7914) with the parameters that it was made with. */
export const PASSWORD_HASH = z.strictObject({
  n: z.number().int().min(2).max(1_048_576),
  r: z.number().int().min(1).max(32),
  p: z.number().int().min(1).max(16),
  salt: z.base64(),
  hash: z.base64(),
});

export type PasswordHash = z.output<typeof PASSWORD_HASH>;

export type Derive = (password: string, hash: Omit<PasswordHash, "hash">) => Promise<Buffer>;

/** OWASP's parameters that cost 32 MiB: an attacker pays for memory, and a sign-in page does not exhaust the proxy's. */
const COST = { n: 32_768, r: 8, p: 3 } as const;
const KEY_BYTES = 32;

/** Sign-ins that may wait for a derivation; past them a sign-in is refused as busy, so that a flood can't take the memory. */
const WAITING = 16;

/** Too many sign-ins at once. */
export class BusyError extends Error {}

/** One derivation at a time: it holds 32 MiB and a thread of the pool that file access needs too. */
export function deriverInTurn(derive: Derive = deriveKey): Derive {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return (password, hash) => {
    if (waiting >= WAITING) return Promise.reject(new BusyError("Too many sign-ins at once."));
    waiting += 1;
    const mine = last.then(() => derive(password, hash)).finally(() => (waiting -= 1));
    last = mine.catch(() => undefined);
    return mine;
  };
}

export async function hashPassword(password: string, derive: Derive): Promise<PasswordHash> {
  const salted = { ...COST, salt: randomBytes(16).toString("base64") };
  return { ...salted, hash: (await derive(password, salted)).toString("base64") };
}

/**
 * Whether it is the password of that hash. Without a hash (an unknown user) the same work is done against one that nothing matches, so that
 * the time of an answer doesn't tell which names exist.
 */
export async function passwordMatches(password: string, hash: PasswordHash | undefined, derive: Derive): Promise<boolean> {
  const against = hash ?? { ...COST, salt: DECOY_SALT, hash: "" };
  const derived = await derive(password, against);
  const expected = hash === undefined ? randomBytes(KEY_BYTES) : Buffer.from(hash.hash, "base64");
  return expected.length === derived.length && timingSafeEqual(expected, derived) && hash !== undefined;
}

const DECOY_SALT = randomBytes(16).toString("base64");

function deriveKey(password: string, { n, r, p, salt }: Omit<PasswordHash, "hash">): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N: n, r, p, maxmem: 256 * n * r };
    scrypt(password.normalize("NFKC"), Buffer.from(salt, "base64"), KEY_BYTES, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

/** 120 bits in letters and digits that can't be mistaken for each other. */
export function newPassword(): string {
  const letters = "abcdefghjkmnpqrstuvwxyz23456789";
  const chosen: string[] = [];
  while (chosen.length < 24)
    for (const byte of randomBytes(32)) if (byte < 248 && chosen.length < 24) chosen.push(letters[byte % 31] ?? "a");
  return chosen.join("").replace(/.{6}(?=.)/g, "$&-");
}
