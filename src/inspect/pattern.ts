import RE2 from "re2";
import { PlainMatcher } from "./plain-matcher.js";

/** A regular expression that runs in linear time (invariant 9). The only file that knows the engine. */
export interface Pattern {
  readonly source: string;
  readonly ignoreCase: boolean;
  test(text: string): boolean;
  /** Every match, left to right, at most `most`. */
  find(text: string, most?: number): readonly TextMatch[];
  /** The match with which the pattern's first group has been `count` different texts, case aside; undefined where it never has. */
  findDistinct(text: string, count: number): TextMatch | undefined;
}

export interface TextMatch {
  readonly text: string;
  readonly index: number;
  readonly groups: readonly string[];
}

/** Throws SyntaxError where RE2 refuses the source (back references, look-around, bad syntax). */
export function compilePattern(source: string, options: { readonly anchored?: boolean; readonly ignoreCase?: boolean } = {}): Pattern {
  const engine = new RE2(options.anchored === true ? `^(?:${source})$` : source, options.ignoreCase === true ? "giu" : "gu");
  // Made when a text first asks: a start compiles hundreds of patterns, and few are asked soon.
  let plain: PlainMatcher | "none" | undefined = options.anchored === true && options.ignoreCase !== true ? undefined : "none";
  return {
    source,
    ignoreCase: options.ignoreCase === true,
    test(text) {
      plain ??= PlainMatcher.of(source) ?? "none";
      const known = plain === "none" ? undefined : plain.test(text);
      if (known !== undefined) return known;
      engine.lastIndex = 0;
      return engine.test(text);
    },
    find(text, most = 64) {
      const matches: TextMatch[] = [];
      engine.lastIndex = 0;
      while (matches.length < most) {
        const match = nextMatch(engine, text);
        if (match === undefined) break;
        matches.push(match);
      }
      return matches;
    },
    findDistinct(text, count) {
      const met = new Set<string>();
      engine.lastIndex = 0;
      for (;;) {
        const match = nextMatch(engine, text);
        if (match === undefined) return undefined;
        if (met.add((match.groups[0] ?? match.text).toLowerCase()).size >= count) return match;
      }
    },
  };
}

function nextMatch(engine: RE2, text: string): TextMatch | undefined {
  const found = engine.exec(text);
  if (found === null) return undefined;
  // An empty match doesn't move the engine on by itself.
  if (found[0] === "") engine.lastIndex += 1;
  return { text: found[0], index: found.index, groups: found.slice(1).map((group) => group ?? "") };
}

/** Makes a literal safe inside a pattern. */
export function escapeLiteral(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
