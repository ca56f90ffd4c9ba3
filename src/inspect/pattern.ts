import RE2 from "re2";
import { PlainMatcher } from "./plain-matcher.js";
import { PlainRun } from "./plain-run.js";

/** A regular expression that runs in linear time (invariant 9). The only file that knows the engine. */
export interface Pattern {
  readonly source: string;
  readonly ignoreCase: boolean;
  test(text: string): boolean;
  /**
   * Every match, left to right, each looked for when it is asked for. There is no bound: what a validator passes over may come any number of
   * times before what it doesn't, so who walks them asks the clock.
   */
  find(text: string): Iterable<TextMatch>;
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
  let run: PlainRun | "none" | undefined;
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
    *find(text) {
      run ??= PlainRun.of(source, options.ignoreCase === true) ?? "none";
      if (run !== "none" && options.anchored !== true) {
        for (let found = run.next(text, 0); found !== undefined; found = run.next(text, found.end))
          yield { text: text.slice(found.start, found.end), index: found.start, groups: [] };
        return;
      }
      // The engine's place is its own here, since others may ask it meanwhile.
      for (let at = 0; ; ) {
        engine.lastIndex = at;
        const found = engine.exec(text);
        if (found === null) return;
        // An empty match doesn't move the engine on by itself.
        at = engine.lastIndex + (found[0] === "" ? 1 : 0);
        yield { text: found[0], index: found.index, groups: found.slice(1).map((group) => group ?? "") };
      }
    },
  };
}

/** Makes a literal safe inside a pattern. */
export function escapeLiteral(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
