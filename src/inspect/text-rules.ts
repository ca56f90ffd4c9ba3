import type { Collected, Text } from "./collector.js";
import { placeIn } from "./collector.js";
import type { Deadline } from "./deadline.js";
import { foldText } from "./fold.js";
import { compileSet, escapeLiteral, lateUnion } from "./pattern.js";
import type { TextMatch, Tester } from "./pattern.js";
import { keyOf, spacedName } from "./place.js";
import type { Rule } from "./rule-file.js";

/** Characters of texts that the prefilter sees at once: large enough to save calls, small enough to check the deadline between them. */
const CHUNK = 16 * 1024;

/** Characters before and after a match in which a context word counts. */
const BEFORE = 48;
const AFTER = 24;

/** Patterns of one rule that are joined to one. */
const MOST_JOINED = 16;

/** Texts that are searched one by one rather than halved again. */
const FEW = 4;

export interface TextRules {
  /** Runs every rule with patterns on every text; false where the deadline passed. */
  run(texts: readonly Text[], into: Collected, deadline: Deadline): boolean;
}

interface CompiledRule {
  readonly rule: Rule;
  /** The same patterns with `^` and `$` at line ends, for texts joined by line feeds: they match at least where the others do. */
  readonly joined: readonly { readonly pattern: Tester; readonly needsContext: boolean }[];
  /** Any of the context words. */
  readonly context: Tester | undefined;
}

/**
 * One Set of all keywords and triggers looks at the joined texts; the patterns of the rules that it names look at them again; only where one
 * of those matches are the texts searched, by halves. Clean traffic so costs a few calls into RE2.
 */
export function compileTextRules(rules: readonly Rule[]): TextRules {
  const compiled = rules.filter((rule) => rule.patterns.length > 0 || rule.search !== undefined).map(compileRule);
  const sources: string[] = [];
  const owners: CompiledRule[] = [];
  for (const entry of compiled) {
    for (const trigger of entry.rule.triggers) {
      sources.push(trigger);
      owners.push(entry);
    }
  }
  const prefilter = compileSet(sources);
  return {
    run(texts, into, deadline) {
      let from = 0;
      while (from < texts.length) {
        if (deadline.passed()) return false;
        const chunk: Text[] = [];
        let length = 0;
        while (from < texts.length && length < CHUNK) {
          const text = texts[from];
          from += 1;
          if (text === undefined) continue;
          chunk.push(text);
          length += text.text.length + 1;
        }
        const whole = chunkOf(chunk);
        const named = new Set<CompiledRule>();
        for (const index of prefilter.match(whole.joined)) {
          const owner = owners[index];
          if (owner !== undefined) named.add(owner);
        }
        for (const entry of named) {
          if (deadline.passed()) return false;
          search(entry, whole, into);
        }
      }
      return true;
    },
  };
}

function compileRule(rule: Rule): CompiledRule {
  const words = rule.context.map((word) => escapeLiteral(word).replaceAll(" ", "[\\s_.-]"));
  return {
    rule,
    joined: [false, true].flatMap((needsContext) =>
      joinedPatterns(
        rule.patterns.filter((entry) => entry.needsContext === needsContext),
        needsContext,
      ),
    ),
    context: words.length === 0 ? undefined : lateUnion(words),
  };
}

/** As one alternation where that is small enough for the engine to stay fast: a call costs more than a pass over a short text. */
function joinedPatterns(patterns: Rule["patterns"], needsContext: boolean): CompiledRule["joined"] {
  const [first] = patterns;
  if (first === undefined) return [];
  const one = (sources: readonly string[]) => ({
    pattern: lateUnion(sources, { ignoreCase: first.pattern.ignoreCase }),
    needsContext,
  });
  const sources = patterns.map(({ pattern }) => `(?m:${pattern.source})`);
  return patterns.length > MOST_JOINED ? sources.map((source) => one([source])) : [one(sources)];
}

/** Texts with what the engine sees of them. */
interface Chunk {
  readonly texts: readonly Text[];
  readonly joined: Buffer;
  /** The same without capitals and accents, with the members' names as words, each once; made when a rule first asks. */
  folded: Buffer | undefined;
}

function chunkOf(texts: readonly Text[]): Chunk {
  return { texts, joined: Buffer.from(texts.map((text) => text.text).join("\n"), "utf8"), folded: undefined };
}

/** Halves the texts until few are left: each half is searched only where a pattern matches in it, and its context words stand in it. */
function search(entry: CompiledRule, chunk: Chunk, into: Collected): void {
  if (!mayMatch(entry, chunk)) return;
  const { texts } = chunk;
  if (texts.length <= FEW) return searchEach(entry.rule, texts, into);
  const middle = texts.length >> 1;
  for (const half of [texts.slice(0, middle), texts.slice(middle)]) search(entry, chunkOf(half), into);
}

function mayMatch(entry: CompiledRule, chunk: Chunk): boolean {
  const { search } = entry.rule;
  if (search?.words.testBytes(foldedOf(chunk)) === true) return true;
  let context: boolean | undefined;
  return entry.joined.some(({ pattern, needsContext }) => {
    if (needsContext) {
      context ??= entry.context?.testBytes(foldedOf(chunk)) === true;
      if (!context) return false;
    }
    return pattern.testBytes(chunk.joined);
  });
}

function foldedOf(chunk: Chunk): Buffer {
  chunk.folded ??= Buffer.from(`${keyWords(chunk.texts)}\n${foldText(chunk.texts.map((text) => text.text).join("\n"))}`, "utf8");
  return chunk.folded;
}

function keyWords(texts: readonly Text[]): string {
  const keys = new Set<string>();
  for (const text of texts) {
    const key = nameOf(text);
    if (key !== undefined) keys.add(key);
  }
  return [...keys].map(spacedName).join("\n");
}

/** The name that a text stands under: its member's, or its header's. */
function nameOf(text: Text): string | undefined {
  const key = keyOf(text.place) ?? text.name;
  // What was decoded keeps the name that the encoded text stood under.
  const outer = text.frame.anchor === undefined ? undefined : keyOf(text.frame.anchor.place);
  return outer === undefined || outer === key ? key : `${outer} ${key ?? ""}`;
}

function searchEach(rule: Rule, texts: readonly Text[], into: Collected): void {
  for (const text of texts) {
    if (!rule.places.has(text.kind) || (text.typed && !rule.typed) || (text.number && !rule.numbers)) continue;
    const match = firstMatch(rule, text);
    if (match === undefined) continue;
    into.drafts.push({
      rule: rule.id,
      frame: text.frame,
      place: placeIn(text.frame, text.place),
      range: text.range,
      ...(text.kind === "key" ? { view: "key" } : {}),
      value: match.text,
      why: rule.why,
    });
  }
}

/** The first match that its validator and context confirm: one finding a rule and text, since the whole text is refused anyway. */
function firstMatch(rule: Rule, text: Text): TextMatch | undefined {
  const key = nameOf(text);
  for (const { pattern, needsContext, validator } of rule.patterns) {
    for (const match of pattern.find(text.text)) {
      if (needsContext && !inContext(rule.context, match, text, key)) continue;
      if (validator === undefined || validator(match, text.text, key)) return match;
    }
  }
  return rule.search?.find(text.text, text.kind === "key" || key === undefined ? undefined : spacedName(key));
}

function inContext(words: readonly string[], match: TextMatch, text: Text, key: string | undefined): boolean {
  const around = foldText(
    `${text.text.slice(Math.max(0, match.index - BEFORE), match.index)} \n ${text.text.slice(match.index + match.text.length, match.index + match.text.length + AFTER)}`,
  );
  const name = key === undefined || text.kind === "key" ? "" : foldText(spacedName(key));
  return words.some((word) => holdsWord(around, word) || holdsWord(name, word));
}

/** Whether the word stands there with no letter on either side. */
function holdsWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!isLetter(text[at - 1]) && !isLetter(text[at + word.length])) return true;
  }
  return false;
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && /\p{L}/u.test(character);
}
