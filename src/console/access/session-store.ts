import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { DeskMemory } from "../../model/console-ports.js";
import type { Clock } from "../../model/ports.js";
import { ROLES } from "./roles.js";

const SESSION = z.strictObject({
  name: z.string(),
  role: z.enum(ROLES),
  by: z.enum(["password", "oidc"]),
  /** The user's version at sign-in; 0 for OIDC. */
  version: z.number(),
  /** What every form has to bring along. */
  csrf: z.string(),
  since: z.number(),
  lastUse: z.number(),
});

/** A person who signed in. */
export type Session = Readonly<z.output<typeof SESSION>>;

/** A session ends after 12 hours, or one without a request: a working day, and a forgotten screen. */
const LONGEST_MS = 12 * 3_600_000;
const IDLE_MS = 3_600_000;
/** The last use is written down at most this often. */
const TOUCH_MS = 60_000;

/**
 * Who is signed in. Kept with the records, so that a restart signs nobody out and two consoles of one store are one to the browser; by hash, and
 * sealed with the installation's key: whoever can only read the database is signed in by nothing in it, and whoever can write it can't make a
 * session. While the store is away, who was seen before stays signed in.
 */
export class SessionStore {
  readonly #memory: DeskMemory;
  readonly #key: Uint8Array;
  readonly #clock: Clock;
  readonly #seen = new LRUCache<string, Session>({ max: 1_000 });

  constructor(memory: DeskMemory, key: Uint8Array, clock: Clock) {
    this.#memory = memory;
    this.#key = key;
    this.#clock = clock;
  }

  /** Opens a session under a new id, whatever id the browser brought (session fixation). Returns the cookie's value. */
  async open(person: Pick<Session, "name" | "role" | "by" | "version">): Promise<string> {
    const id = randomBytes(32).toString("base64url");
    const now = this.#clock.now();
    await this.#keep(hash(id), { ...person, csrf: randomBytes(32).toString("base64url"), since: now, lastUse: now });
    return id;
  }

  async find(id: string): Promise<Session | undefined> {
    const key = hash(id);
    let session: Session | undefined;
    try {
      session = this.#unsealed(key, await this.#memory.get(key));
      if (session === undefined) this.#seen.delete(key);
    } catch {
      session = this.#seen.get(key);
    }
    const now = this.#clock.now();
    if (session === undefined) return undefined;
    if (now - session.since > LONGEST_MS || now - session.lastUse > IDLE_MS) {
      await this.#forget(key);
      return undefined;
    }
    if (now - session.lastUse >= TOUCH_MS) {
      session = { ...session, lastUse: now };
      // Where the store is away the use is not written down, and the session ends the sooner.
      await this.#keep(key, session).catch(() => undefined);
    }
    this.#seen.set(key, session);
    return session;
  }

  async close(id: string): Promise<void> {
    await this.#forget(hash(id));
  }

  /** What a form brings along before there is a session: bound to a cookie of that browser, and nothing to keep here. */
  formToken(browser: string): string {
    return createHmac("sha256", this.#key).update(`form ${browser}`).digest("base64url");
  }

  async #forget(key: string): Promise<void> {
    this.#seen.delete(key);
    await this.#memory.remove(key);
  }

  async #keep(key: string, session: Session): Promise<void> {
    const text = JSON.stringify(session);
    await this.#memory.put(key, `${this.#seal(key, text)} ${text}`, session.since + LONGEST_MS);
    this.#seen.set(key, session);
  }

  #unsealed(key: string, kept: string | undefined): Session | undefined {
    if (kept === undefined) return undefined;
    const cut = kept.indexOf(" ");
    const text = kept.slice(cut + 1);
    return sameText(kept.slice(0, cut), this.#seal(key, text)) ? SESSION.safeParse(JSON.parse(text)).data : undefined;
  }

  #seal(key: string, text: string): string {
    return createHmac("sha256", this.#key).update(`session ${key} ${text}`).digest("base64url");
  }
}

function hash(id: string): string {
  return createHash("sha256").update(id).digest("base64url");
}

/** Compares two texts in a time that tells nothing about them but their length. */
export function sameText(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
}
