import type { JsonValue, Split } from "../labelled-case.js";
import type { Rng } from "../random.js";

/**
 * What looks like a catch and is none: text that systems write, or a member with a harmless value.
 * `benign-prose` is judged by the precision of names and addresses, the rest by the hard negatives' rate.
 */
export interface Negative {
  readonly kind: string;
  /** Undefined: both splits. */
  readonly split?: Split;
  readonly text?: (rng: Rng) => string;
  readonly member?: (rng: Rng) => readonly [key: string, value: JsonValue];
}

/** Text templates of one kind. */
export function texts(kind: string, split: Split, templates: readonly ((rng: Rng) => string)[]): Negative[] {
  return templates.map((text) => ({ kind, split, text }));
}

export function members(
  kind: string,
  split: Split | undefined,
  makers: readonly ((rng: Rng) => readonly [string, JsonValue])[],
): Negative[] {
  return makers.map((member) => (split === undefined ? { kind, member } : { kind, split, member }));
}

/** A private or loopback address: nobody's. */
export function privateAddress(rng: Rng): string {
  return rng.pick([
    `10.${rng.int(0, 255)}.${rng.int(0, 255)}.${rng.int(1, 254)}`,
    `192.168.${rng.int(0, 9)}.${rng.int(1, 254)}`,
    `172.${rng.int(16, 31)}.0.${rng.int(1, 254)}`,
    "127.0.0.1",
  ]);
}

export function pod(rng: Rng): string {
  return `diffgram-${rng.pick(["default", "walrus", "eventhandlers"])}-${rng.hex(10)}-${rng.text("bcdfghjklmnpqrstvwxz2456789", 5)}`;
}

/** Digits that no one could take for a card: a value that only chance makes one is no fair negative. */
export function plainDigits(rng: Rng, count: number): string {
  return `9${rng.digits(count - 1)}`;
}
