import { randomBytes, scrypt, type ScryptOptions } from "node:crypto";
import { promisify } from "node:util";

/** What scrypt is asked to cost; `maxmem` in bytes. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
  readonly maxmem: number;
}

/** A name and the hash that its password must lead to. */
export interface Credential {
  readonly name: string;
  readonly cost: ScryptCost;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** The name printable, no colon, no space: what Basic can carry and a policy can spell after `identity:`. */
const LINE =
  /^([\x21-\x39\x3b-\x7e]{1,128}):scrypt:(\d{1,7}):(\d{1,2}):(\d{1,2}):([A-Za-z0-9+/]{16,128}={0,2}):([A-Za-z0-9+/]{42,128}={0,2})$/;

/** Some 40 ms and 16 MiB: what was proved is remembered, so a client pays for it once. */
const COST = { N: 16_384, r: 8, p: 1 };

export function scryptCost(N: number, r: number, p: number): ScryptCost {
  return { N, r, p, maxmem: 256 * N * r };
}

/** `NAME:scrypt:N:r:p:SALT:HASH`, salt and hash in base64; undefined where the line is none. */
export function readCredentialLine(line: string): Credential | undefined {
  const [, name = "", N = "", r = "", p = "", salt = "", hash = ""] = LINE.exec(line) ?? [];
  const cost = Number(N);
  if (name === "" || cost < 1_024 || cost > 1_048_576 || (cost & (cost - 1)) !== 0 || Number(r) < 1 || Number(p) < 1) return undefined;
  const parts = { salt: Buffer.from(salt, "base64"), hash: Buffer.from(hash, "base64") };
  return { name, cost: scryptCost(cost, Number(r), Number(p)), ...parts };
}

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** A line for a name and its password, under a salt of its own. Undefined where the name can't be one, so that the line would not be read. */
export async function writeCredentialLine(name: string, password: string): Promise<string | undefined> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, 32, scryptCost(COST.N, COST.r, COST.p));
  const line = [name, "scrypt", COST.N, COST.r, COST.p, salt.toString("base64"), hash.toString("base64")].join(":");
  return readCredentialLine(line) === undefined ? undefined : line;
}
