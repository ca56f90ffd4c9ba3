import RE2 from "re2";

/** A regular expression that runs in linear time (invariant 9). The only file that knows the engine. */
export interface Pattern {
  readonly source: string;
  readonly ignoreCase: boolean;
  test(text: string): boolean;
  /** The same on UTF-8 bytes, which spares the engine a copy. */
  testBytes(bytes: Buffer): boolean;
  /** Every match, left to right, at most `most`. */
  find(text: string, most?: number): readonly TextMatch[];
}

/** Says only whether. */
export type Tester = Pick<Pattern, "testBytes">;

export interface TextMatch {
  readonly text: string;
  readonly index: number;
  readonly groups: readonly string[];
}

/** Says which of many patterns occur, in one pass over the text. */
export interface PatternSet {
  match(bytes: Buffer): readonly number[];
}

/** Throws SyntaxError where RE2 refuses the source (back references, look-around, bad syntax). */
export function compilePattern(source: string, options: { readonly anchored?: boolean; readonly ignoreCase?: boolean } = {}): Pattern {
  const engine = new RE2(options.anchored === true ? `^(?:${source})$` : source, options.ignoreCase === true ? "giu" : "gu");
  return {
    source,
    ignoreCase: options.ignoreCase === true,
    test(text) {
      engine.lastIndex = 0;
      return engine.test(text);
    },
    testBytes(bytes) {
      engine.lastIndex = 0;
      return engine.test(bytes);
    },
    find(text, most = 64) {
      const matches: TextMatch[] = [];
      engine.lastIndex = 0;
      while (matches.length < most) {
        const found = engine.exec(text);
        if (found === null) break;
        matches.push({ text: found[0], index: found.index, groups: found.slice(1).map((group) => group ?? "") });
        // An empty match doesn't move the engine on by itself.
        if (found[0] === "") engine.lastIndex += 1;
      }
      return matches;
    },
  };
}

/**
 * Whether any of the sources occurs: as one alternation, compiled when a text first asks, since most never do. The sources are proved ones;
 * where all of them together are more than the engine takes, they are asked one by one.
 */
export function lateUnion(sources: readonly string[], options: { readonly ignoreCase?: boolean } = {}): Tester {
  let parts: readonly Pattern[] | undefined;
  return {
    testBytes(bytes) {
      parts ??= unionOf(sources, options);
      return parts.some((part) => part.testBytes(bytes));
    },
  };
}

function unionOf(sources: readonly string[], options: { readonly ignoreCase?: boolean }): readonly Pattern[] {
  try {
    return [compilePattern(sources.map((source) => `(?:${source})`).join("|"), options)];
  } catch {
    return sources.map((source) => compilePattern(source, options));
  }
}

/** A Set of short sources; counted repetitions are refused by the rule loader, since they make a Set take hundreds of milliseconds. */
export function compileSet(sources: readonly string[]): PatternSet {
  if (sources.length === 0) return { match: () => [] };
  const engine = new RE2.Set([...sources], "iu");
  return { match: (bytes) => engine.match(bytes) };
}

/** Makes a literal safe inside a pattern. */
export function escapeLiteral(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
