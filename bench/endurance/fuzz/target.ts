/** One reader of hostile bytes, called as the product calls it. */
export interface Target {
  readonly name: string;
  /** Inputs to begin with: of each way that the reader can go, one. */
  readonly seeds: readonly Buffer[];
  /** Words of its language. */
  readonly words: readonly Buffer[];
  /** Its share among the targets: slow ones get fewer inputs. */
  readonly batch: number;
  /** @throws Error where the reader fails, or says what can't be true of this input */
  run(input: Buffer): void;
}

/** What must hold of a reader's answer. @throws Error that says what did not */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

export function words(text: string): Buffer[] {
  return text.split(" ").map((word) => Buffer.from(word.replaceAll("␠", " ").replaceAll("␍", "\r\n")));
}
