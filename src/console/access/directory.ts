import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../model/ports.js";
import type { Token, User } from "./access-file.js";
import { AccessFile } from "./access-file.js";
import type { Derive } from "./password.js";
import { deriverInTurn, hashPassword, newPassword, passwordMatches } from "./password.js";
import type { Role, Scope } from "./roles.js";

/** What a change of users or tokens came to; a refusal is a sentence for the person who asked. */
export type Changed<Result> = { readonly ok: true; readonly result: Result } | { readonly ok: false; readonly why: string };

const USERS = 200;
const TOKENS = 200;
export const LEAST_PASSWORD = 12;
/** Longer ones are refused, since each is hashed. */
export const MOST_PASSWORD = 200;

/** The console's own users and API tokens. */
export class Directory {
  readonly #file: AccessFile;
  readonly #derive: Derive;
  readonly #clock: Clock;

  constructor(dataDir: string, clock: Clock, derive?: Derive) {
    this.#file = new AccessFile(dataDir);
    this.#derive = deriverInTurn(derive);
    this.#clock = clock;
  }

  /** Makes the first admin where there is no user at all; its password is returned this once and kept nowhere. */
  async ensureAdmin(): Promise<string | undefined> {
    if (this.users().length > 0) return undefined;
    const made = await this.addUser("admin", "admin");
    return made.ok ? made.result : undefined;
  }

  users(): readonly User[] {
    return this.#file.read().users;
  }

  tokens(): readonly Token[] {
    return this.#file.read().tokens;
  }

  user(name: string): User | undefined {
    return this.users().find((user) => user.name === name);
  }

  /** The user of this name and password. Takes the same time for a name that does not exist. */
  async verify(name: string, password: string): Promise<User | undefined> {
    const user = this.user(name);
    const matches = await passwordMatches(password.slice(0, MOST_PASSWORD), user?.password, this.#derive);
    return matches ? user : undefined;
  }

  /** Adds a user with a new password, which is returned this once. */
  async addUser(name: string, role: Role): Promise<Changed<string>> {
    const password = newPassword();
    const hash = await hashPassword(password, this.#derive);
    return this.#file.change<Changed<string>>((access) => {
      const refuse = (why: string) => ({ next: access, result: { ok: false as const, why } });
      if (access.users.length >= USERS) return refuse(`There are ${USERS} users already.`);
      if (access.users.some((user) => user.name.toLowerCase() === name.toLowerCase()))
        return refuse("There is a user of this name already.");
      const user = { name, role, password: hash, version: 1, created: this.#now() };
      return { next: { ...access, users: [...access.users, user] }, result: { ok: true, result: password } };
    });
  }

  async setPassword(name: string, password: string): Promise<Changed<undefined>> {
    if (password.length < LEAST_PASSWORD || password.length > MOST_PASSWORD) {
      return { ok: false, why: `A password has ${LEAST_PASSWORD} to ${MOST_PASSWORD} characters.` };
    }
    const hash = await hashPassword(password, this.#derive);
    return this.#alter(name, (user) => ({ ...user, password: hash, version: user.version + 1 }));
  }

  async resetPassword(name: string): Promise<Changed<string>> {
    const password = newPassword();
    const set = await this.setPassword(name, password);
    return set.ok ? { ok: true, result: password } : set;
  }

  setRole(name: string, role: Role): Changed<undefined> {
    if (role !== "admin" && this.#lastAdmin(name)) return LAST_ADMIN;
    return this.#alter(name, (user) => ({ ...user, role, version: user.version + 1 }));
  }

  removeUser(name: string): Changed<undefined> {
    if (this.#lastAdmin(name)) return LAST_ADMIN;
    return this.#file.change<Changed<undefined>>((access) => {
      const users = access.users.filter((user) => user.name !== name);
      const gone = users.length < access.users.length;
      return { next: { ...access, users }, result: gone ? DONE : NO_USER };
    });
  }

  /** Makes a token, which is returned this once: only its hash is kept. */
  addToken(name: string, scopes: readonly Scope[], by: string, days: number): Changed<string> {
    const id = randomBytes(6).toString("hex");
    const secret = `egp_${id}_${randomBytes(32).toString("base64url")}`;
    return this.#file.change<Changed<string>>((access) => {
      if (access.tokens.length >= TOKENS) return { next: access, result: { ok: false, why: `There are ${TOKENS} tokens already.` } };
      const expires = new Date(this.#clock.now() + days * 86_400_000).toISOString();
      const token = { id, name, scopes: [...scopes], hash: sha256(secret), by, created: this.#now(), expires };
      return { next: { ...access, tokens: [...access.tokens, token] }, result: { ok: true, result: secret } };
    });
  }

  revokeToken(id: string): boolean {
    return this.#file.change((access) => {
      const tokens = access.tokens.filter((token) => token.id !== id);
      return { next: { ...access, tokens }, result: tokens.length < access.tokens.length };
    });
  }

  /** The token that this secret is, unless it is unknown or past its date. */
  token(secret: string): Token | undefined {
    const id = /^egp_([0-9a-f]{12})_[\w-]{43}$/.exec(secret)?.[1];
    const token = this.tokens().find((candidate) => candidate.id === id);
    if (token === undefined) return undefined;
    const matches = timingSafeEqual(Buffer.from(sha256(secret), "hex"), Buffer.from(token.hash, "hex"));
    return matches && Date.parse(token.expires) > this.#clock.now() ? token : undefined;
  }

  #alter(name: string, change: (user: User) => User): Changed<undefined> {
    return this.#file.change<Changed<undefined>>((access) => {
      const known = access.users.some((user) => user.name === name);
      const users = access.users.map((user) => (user.name === name ? change(user) : user));
      return { next: { ...access, users }, result: known ? DONE : NO_USER };
    });
  }

  #lastAdmin(name: string): boolean {
    const admins = this.users().filter((user) => user.role === "admin");
    return admins.length === 1 && admins[0]?.name === name;
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}

const DONE = { ok: true, result: undefined } as const;
const NO_USER = { ok: false, why: "There is no user of this name." } as const;
const LAST_ADMIN = { ok: false, why: "This is the last admin: make another one first." } as const;

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
