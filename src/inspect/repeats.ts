import type { Text } from "./collector.js";
import { nameOf } from "./context-words.js";
import type { Place } from "./place.js";

/**
 * Knows the texts that one string of the exchange leads to by several ways: what is read as quoted-printable holds most of the pairs that it
 * held before, each with its name and value. A rule says nothing new of the second, and findings of one rule at one place are one.
 */
export class Repeats {
  #base = "";
  #place: Place | undefined;
  readonly #seen = new Set<string>();

  /** Whether the same text came before, of the same kind, under the same name, out of the same string; true of nothing that stands there itself. */
  has(text: Text): boolean {
    const { anchor, base } = text.frame;
    if (anchor === undefined) return false;
    if (anchor.place !== this.#place || base !== this.#base) {
      this.#place = anchor.place;
      this.#base = base;
      this.#seen.clear();
    }
    const before = this.#seen.size;
    const name = nameOf(text);
    // With its length: where a name ends and a text begins is the sender's choice.
    this.#seen.add(`${text.kind}${text.typed ? "t" : ""}${text.number ? "n" : ""}${name?.length ?? ""}:${name ?? ""}${text.text}`);
    return this.#seen.size === before;
  }
}
