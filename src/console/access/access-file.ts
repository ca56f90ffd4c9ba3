import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { FaultsError } from "../../model/fault.js";
import { PASSWORD_HASH } from "./password.js";
import { ROLES, SCOPES } from "./roles.js";

export const USER_NAME = /^[A-Za-z0-9][\w.@+-]{0,63}$/;

const USER = z.strictObject({
  name: z.string().regex(USER_NAME),
  role: z.enum(ROLES),
  password: PASSWORD_HASH,
  /** Rises with every change of password or role: sessions of an older one end. */
  version: z.number().int(),
  created: z.iso.datetime(),
});

const TOKEN = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  name: z.string().regex(USER_NAME),
  scopes: z.array(z.enum(SCOPES)).min(1),
  /** SHA-256 of the token, hex: 256 random bits need no slow hash. */
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  by: z.string(),
  created: z.iso.datetime(),
  expires: z.iso.datetime(),
});

const ACCESS = z.strictObject({ version: z.literal(1), users: z.array(USER), tokens: z.array(TOKEN) });

export type User = z.output<typeof USER>;
export type Token = z.output<typeof TOKEN>;
export type Access = z.output<typeof ACCESS>;

/** Users and tokens in `console-access.json` of the data folder, readable by its owner alone; read anew when another process changed it. */
export class AccessFile {
  readonly path: string;
  #stamp = "";
  #access: Access = { version: 1, users: [], tokens: [] };

  constructor(dataDir: string) {
    this.path = join(dataDir, "console-access.json");
  }

  /** @throws FaultsError where the file is unreadable, malformed, or readable by others. */
  read(): Access {
    const stat = statSync(this.path, { throwIfNoEntry: false, bigint: true });
    if (stat === undefined) return (this.#access = { version: 1, users: [], tokens: [] });
    const stamp = `${stat.ino} ${stat.mtimeNs} ${stat.size}`;
    if (stamp === this.#stamp) return this.#access;
    if (process.platform !== "win32" && (stat.mode & 0o077n) !== 0n) {
      throw this.#fault("Others than its owner can read it.", `Run chmod 600 ${this.path}.`);
    }
    let parsed: Access;
    try {
      parsed = ACCESS.parse(JSON.parse(readFileSync(this.path, "utf8")));
    } catch {
      // The message of a parser may quote a hash.
      throw this.#fault("It is not what the console wrote.", "Restore it from a backup, or move it away to start with a new admin.");
    }
    this.#stamp = stamp;
    return (this.#access = parsed);
  }

  /** Changes the file as it is now, whole or not at all. */
  change<Result>(alter: (access: Access) => { readonly next: Access; readonly result: Result }): Result {
    const { next, result } = alter(this.read());
    mkdirSync(dirname(this.path), { recursive: true, mode: 0o700 });
    const temporary = `${this.path}.${process.pid}.new`;
    const file = openSync(temporary, "w", 0o600);
    try {
      writeSync(file, `${JSON.stringify(next, undefined, 2)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.path);
    this.#stamp = "";
    return result;
  }

  #fault(what: string, mend: string): FaultsError {
    return new FaultsError("The console's users can't be read.", [{ where: this.path, what, mend }]);
  }
}
