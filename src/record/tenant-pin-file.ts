import Sqlite from "better-sqlite3";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import { FaultsError } from "../model/fault.js";
import type { Learned, SeenPin, TenantPins } from "../model/tenant-pins.js";
import { replaceFile } from "./whole-file.js";

/** How long the event loop may wait for another process that is learning a pin: it writes one small file. */
const LOCK_MS = 1_000;
/**
 * How old, in milliseconds, the file's pins may be where an exchange is only judged: what is let out asks the file again, under the lock. Read
 * for each exchange that names no known account, the file would cost a flood of refusals more than judging them.
 */
const JUDGED_BY_MS = 1_000;
const PIN = z.strictObject({
  name: z.string(),
  hmac: z.string().regex(/^[0-9a-f]{64}$/),
  /** When the first value was seen, ISO 8601. */
  learned: z.string(),
  /** Who confirmed it, and when; absent: nobody yet. */
  confirmed: z.strictObject({ by: z.string(), at: z.string() }).optional(),
});
const FILE = z.strictObject({ pins: z.array(PIN) });

export type TenantPin = z.output<typeof PIN>;

/**
 * The pins of one installation, in `tenant-pins.json` of its data folder: HMACs under the installation's key, so the file tells nobody a
 * write key. Small and rarely written, so it is replaced whole and synced. Workers of one installation share it: who is first is first for all.
 * Replicas don't: one that starts on an empty volume would learn the first account that it sees, which may be an attacker's. What the settings
 * state (`tenant_pins`) holds on all of them from the start, is never learned, and beats the file.
 */
export class TenantPinFile implements TenantPins {
  readonly #path: string;
  /** HMAC by name, of what the settings state. */
  readonly #stated: ReadonlyMap<string, string>;
  #pins: readonly TenantPin[];
  #durable = true;
  /** When the file was read, on the steady clock. */
  #readAt = Number.NEGATIVE_INFINITY;

  private constructor(path: string, pins: readonly TenantPin[], stated: ReadonlyMap<string, string>) {
    this.#path = path;
    this.#pins = pins;
    this.#stated = stated;
  }

  /**
   * @param stated `NAME=HMAC`, as in the setting `tenant_pins`
   * @throws FaultsError where the file is there and can't be read: a pin that is lost would let any account be learned anew
   */
  static open(dataDir: string, stated: readonly string[] = []): TenantPinFile {
    const path = join(dataDir, "tenant-pins.json");
    const said = new Map(stated.map((pin) => [pin.slice(0, pin.indexOf("=")), pin.slice(pin.indexOf("=") + 1)]));
    if (!existsSync(path)) return new TenantPinFile(path, [], said);
    try {
      return new TenantPinFile(path, FILE.parse(JSON.parse(readFileSync(path, "utf8"))).pins, said);
    } catch {
      throw new FaultsError("The tenant pins can't be used:", [
        {
          where: path,
          what: "The file holds no list of pins.",
          mend: "Restore it from a backup, or remove it to learn and confirm all pins anew.",
        },
      ]);
    }
  }

  get pins(): readonly TenantPin[] {
    return this.#pins;
  }

  mismatches(seen: readonly SeenPin[]): readonly string[] {
    if (this.#unknown(seen).length > 0 && performance.now() - this.#readAt > JUDGED_BY_MS) this.#takeIn();
    const wrong = seen.filter(({ name, hmac }) => {
      const pinned = this.#pinned(name);
      return pinned !== undefined && pinned !== hmac;
    });
    return [...new Set([...wrong.map(({ name }) => name), ...contradicting(seen)])];
  }

  learn(seen: readonly SeenPin[]): Learned {
    const fresh = this.#unknown(seen);
    if (fresh.length === 0) return { names: [], durable: this.#durable, contradicted: [] };
    const learned = new Date().toISOString();
    let names: readonly string[] = [];
    this.#exclusively(() => {
      // Another worker of this installation may have been first.
      this.#takeIn();
      const ours = this.#unknown(fresh).map(({ name, hmac }) => ({ name, hmac, learned }));
      names = ours.map(({ name }) => name);
      this.#pins = [...this.#pins, ...ours];
      try {
        if (ours.length > 0 || !this.#durable) this.#replace(this.#pins);
        this.#durable = true;
      } catch {
        this.#durable = false;
      }
    });
    return { names, durable: this.#durable, contradicted: this.mismatches(seen) };
  }

  #pinned(name: string): string | undefined {
    return this.#stated.get(name) ?? this.#pins.find((pin) => pin.name === name)?.hmac;
  }

  /** The first value of each name that has no pin. */
  #unknown(seen: readonly SeenPin[]): readonly SeenPin[] {
    return seen.filter(({ name }, index) => this.#pinned(name) === undefined && seen.findIndex((other) => other.name === name) === index);
  }

  /** Adds the pins of the file that this process does not know. One that can't be read adds none: what is pinned here stays pinned. */
  #takeIn(): void {
    this.#readAt = performance.now();
    try {
      const { pins } = FILE.parse(JSON.parse(readFileSync(this.#path, "utf8")));
      this.#pins = [...this.#pins, ...pins.filter(({ name }) => !this.#pins.some((pin) => pin.name === name))];
    } catch {
      // Not there yet, or the disk is away.
    }
  }

  /** One process at a time, by a lock that goes with whoever holds it; without a disk that takes it, the work is done all the same. */
  #exclusively(work: () => void): void {
    let lock: Sqlite.Database | undefined;
    try {
      mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
      lock = new Sqlite(`${this.#path}.lock`, { timeout: LOCK_MS });
      lock.exec("begin exclusive");
    } catch {
      // Learning is rare and holds for this process at least.
    }
    try {
      work();
    } finally {
      lock?.close();
    }
  }

  /** @returns false where there is no such pin */
  confirm(name: string, by: string): boolean {
    if (!this.#pins.some((pin) => pin.name === name)) return false;
    this.#replace(this.#pins.map((pin) => (pin.name === name ? { ...pin, confirmed: { by, at: new Date().toISOString() } } : pin)));
    return true;
  }

  /** Forgets a pin, so that the next value seen is learned. @returns false where there is no such pin */
  forget(name: string): boolean {
    const left = this.#pins.filter((pin) => pin.name !== name);
    if (left.length === this.#pins.length) return false;
    this.#replace(left);
    return true;
  }

  #replace(pins: readonly TenantPin[]): void {
    replaceFile(this.#path, `${JSON.stringify({ pins }, null, 2)}\n`);
    this.#pins = pins;
  }
}

/** Names that one exchange gives two values for: whichever is ours, the other is not. */
function contradicting(seen: readonly SeenPin[]): string[] {
  return seen.filter(({ name, hmac }) => seen.some((other) => other.name === name && other.hmac !== hmac)).map(({ name }) => name);
}
