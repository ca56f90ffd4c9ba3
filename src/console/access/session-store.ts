import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { Clock } from "../../model/ports.js";
import type { Role } from "./roles.js";

/** A person who signed in. */
export interface Session {
  readonly name: string;
  readonly role: Role;
  readonly by: "password" | "oidc";
  /** The user's version at sign-in; 0 for OIDC. */
  readonly version: number;
  /** What every form has to bring along. */
  readonly csrf: string;
  readonly since: number;
}

/** A session ends after 12 hours, or one without a request: a working day, and a forgotten screen. */
const LONGEST_MS = 12 * 3_600_000;
const IDLE_MS = 3_600_000;

/** Kept in memory, by hash: a copy of it signs nobody in, and a restart signs everyone out. */
export class SessionStore {
  readonly #clock: Clock;
  readonly #sessions: LRUCache<string, { readonly session: Session; lastUse: number }>;
  readonly #key = randomBytes(32);

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sessions = new LRUCache({ max: 5_000 });
  }

  /** Opens a session under a new id, whatever id the browser brought (session fixation). Returns the cookie's value. */
  open(person: Pick<Session, "name" | "role" | "by" | "version">): string {
    const id = randomBytes(32).toString("base64url");
    const now = this.#clock.now();
    const session = { ...person, csrf: randomBytes(32).toString("base64url"), since: now };
    this.#sessions.set(hash(id), { session, lastUse: now });
    return id;
  }

  find(id: string): Session | undefined {
    const kept = this.#sessions.get(hash(id));
    const now = this.#clock.now();
    if (kept === undefined) return undefined;
    if (now - kept.session.since > LONGEST_MS || now - kept.lastUse > IDLE_MS) {
      this.#sessions.delete(hash(id));
      return undefined;
    }
    kept.lastUse = now;
    return kept.session;
  }

  close(id: string): void {
    this.#sessions.delete(hash(id));
  }

  /** What a form brings along before there is a session: bound to a cookie of that browser, and nothing to keep here. */
  formToken(browser: string): string {
    return createHmac("sha256", this.#key).update(`form ${browser}`).digest("base64url");
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
