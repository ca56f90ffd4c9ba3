import type { Collected, Text } from "./collector.js";
import { placeIn } from "./collector.js";
import { inContext, nameOf } from "./context-words.js";
import type { Deadline } from "./deadline.js";
import type { TextMatch } from "./pattern.js";
import { spacedName } from "./place.js";
import { Repeats } from "./repeats.js";
import type { Rule, RulePattern } from "./rule-file.js";
import { RuleScreen } from "./rule-screen.js";
import { looksAt } from "./rule-signals.js";

/** Texts between two looks at the clock. */
const TEXTS_A_LOOK = 32;
/** Matches of one pattern in one text between two looks. */
const MATCHES_A_LOOK = 16;
const NEVER: Deadline = { passed: () => false };

export interface TextRules {
  /** Runs every rule with patterns on every text; false where the deadline passed. */
  run(texts: readonly Text[], into: Collected, deadline: Deadline): boolean;
}

/**
 * Screens each text once for all rules, and runs on it only the patterns that may match in it: what is found is what every rule would find
 * that is run on every text (test/inspect/rule-screen.test.ts).
 */
export function compileTextRules(rules: readonly Rule[]): TextRules {
  // Made when a text first asks, which at a start is in the background.
  let screen: RuleScreen | undefined;
  return {
    run(texts, into, deadline) {
      screen ??= new RuleScreen(rules);
      const repeats = new Repeats();
      for (let index = 0; index < texts.length; index += 1) {
        if (index % TEXTS_A_LOOK === 0 && deadline.passed()) return false;
        const text = texts[index];
        if (text === undefined || repeats.has(text)) continue;
        // One finding a rule and text, since the whole text is refused anyway.
        let done: Rule | undefined;
        for (const { rule, pattern } of screen.candidates(text)) {
          if (rule === done) continue;
          const match = pattern === undefined ? searched(rule, text, deadline) : confirmed(pattern, rule, text, deadline);
          // Behind the search, which breaks off where the time is over: what it did not get to see counts as late, not as clean.
          if (deadline.passed()) return false;
          if (match === undefined) continue;
          report(rule, text, match, into);
          done = rule;
        }
      }
      return true;
    },
  };
}

/** The same without a screen, each rule on each text: slow, and what the fast way is held against. */
export function runEachRule(rules: readonly Rule[], texts: readonly Text[], into: Collected): void {
  for (const text of texts) {
    for (const rule of rules) {
      if (!looksAt(rule, text.kind, text.typed, text.number)) continue;
      let match: TextMatch | undefined;
      for (const pattern of rule.patterns) match ??= confirmed(pattern, rule, text, NEVER);
      match ??= searched(rule, text, NEVER);
      if (match !== undefined) report(rule, text, match, into);
    }
  }
}

/**
 * The pattern's first match that its validator and context confirm, or the one with which it has matched as many different texts as it asks
 * for. Undefined as well where the time is over.
 */
function confirmed(
  { pattern, needsContext, validator, distinct }: RulePattern,
  rule: Rule,
  text: Text,
  deadline: Deadline,
): TextMatch | undefined {
  const key = nameOf(text);
  const met = distinct > 1 ? new Set<string>() : undefined;
  let seen = 0;
  for (const match of pattern.find(text.text)) {
    seen += 1;
    if (seen % MATCHES_A_LOOK === 0 && deadline.passed()) return undefined;
    if (met !== undefined) {
      if (met.add((match.groups[0] ?? match.text).toLowerCase()).size >= distinct) return match;
      continue;
    }
    if (needsContext && !inContext(rule.context, match, text, key)) continue;
    if (validator === undefined || validator(match, text.text, key)) return match;
  }
  return undefined;
}

function searched(rule: Rule, text: Text, deadline: Deadline): TextMatch | undefined {
  const key = nameOf(text);
  return rule.search?.find(text.text, text.kind === "key" || key === undefined ? undefined : spacedName(key), deadline);
}

function report(rule: Rule, text: Text, match: TextMatch, into: Collected): void {
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
