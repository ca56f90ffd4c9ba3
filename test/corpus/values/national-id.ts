import type { Rng } from "../random.js";

/** One country's number for a person: how it is made and what people call it. */
export interface NationalId {
  /** `nl-bsn`: country, then the number's common name. */
  readonly name: string;
  readonly locale: string;
  /** `health` and `tax` numbers have kinds of their own. */
  readonly family: "national-id" | "health-id" | "tax-id";
  /** As JSON members are called. */
  readonly keys: readonly string[];
  /** As people call it in a sentence. */
  readonly words: readonly string[];
  make(rng: Rng): string;
}

export interface Birth {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly yy: string;
  readonly mm: string;
  readonly dd: string;
}

export function birth(rng: Rng, from = 1945, to = 2004): Birth {
  const year = rng.int(from, to);
  const month = rng.int(1, 12);
  const day = rng.int(1, 28);
  return { year, month, day, yy: two(year % 100), mm: two(month), dd: two(day) };
}

export function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** A number of `count` digits that doesn't begin with 0. */
export function leading(rng: Rng, count: number): string {
  return String(rng.int(1, 9)) + rng.digits(count - 1);
}
