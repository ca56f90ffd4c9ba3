import type { Text } from "./collector.js";

/** Texts that are remembered, and the longest of them: a client's few header values, and the segments of the policy's paths. */
const MOST = 512;
const LONGEST = 256;

/** Hold credentials: judged each time, kept nowhere. */
const NEVER: ReadonlySet<string> = new Set(["authorization", "cookie", "proxy-authorization"]);

/**
 * Header values and path segments in which all rules, on all their views, found nothing. A client sends the same ones with each event, and
 * what a rule says of them depends on nothing else: a third of an event's texts need no second look.
 */
export class CleanHeads {
  readonly #known = new Set<string>();

  has(text: Text): boolean {
    return this.#known.has(keyOf(text));
  }

  /** Call with the head's texts of an exchange that was inspected to its end and in which nothing at all was found. */
  remember(texts: readonly Text[]): void {
    for (const text of texts) {
      if (text.text.length > LONGEST || (text.name !== undefined && NEVER.has(text.name))) continue;
      // Whoever sends ever new values makes it forget, and gains nothing by that.
      if (this.#known.size >= MOST) this.#known.clear();
      this.#known.add(keyOf(text));
    }
  }
}

function keyOf({ kind, name, text }: Text): string {
  return `${kind}\0${name ?? ""}\0${text}`;
}
