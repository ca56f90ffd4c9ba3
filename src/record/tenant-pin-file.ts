import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { FaultsError } from "../model/fault.js";
import type { Learned, SeenPin, TenantPins } from "../model/tenant-pins.js";
import { replaceFile } from "./whole-file.js";

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
 * write key. Small and rarely written, so it is replaced whole and synced.
 */
export class TenantPinFile implements TenantPins {
  readonly #path: string;
  #pins: readonly TenantPin[];
  #durable = true;

  private constructor(path: string, pins: readonly TenantPin[]) {
    this.#path = path;
    this.#pins = pins;
  }

  /** @throws FaultsError where the file is there and can't be read: a pin that is lost would let any account be learned anew */
  static open(dataDir: string): TenantPinFile {
    const path = join(dataDir, "tenant-pins.json");
    if (!existsSync(path)) return new TenantPinFile(path, []);
    try {
      return new TenantPinFile(path, FILE.parse(JSON.parse(readFileSync(path, "utf8"))).pins);
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
    const wrong = seen.filter(({ name, hmac }) => this.#pins.some((pin) => pin.name === name && pin.hmac !== hmac));
    return [...new Set([...wrong.map(({ name }) => name), ...contradicting(seen)])];
  }

  learn(seen: readonly SeenPin[]): Learned {
    const fresh = seen.filter(
      ({ name }, index) => !this.#pins.some((pin) => pin.name === name) && seen.findIndex((other) => other.name === name) === index,
    );
    if (fresh.length === 0) return { names: [], durable: this.#durable };
    const learned = new Date().toISOString();
    this.#pins = [...this.#pins, ...fresh.map(({ name, hmac }) => ({ name, hmac, learned }))];
    try {
      this.#replace(this.#pins);
      this.#durable = true;
    } catch {
      this.#durable = false;
    }
    return { names: fresh.map(({ name }) => name), durable: this.#durable };
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
