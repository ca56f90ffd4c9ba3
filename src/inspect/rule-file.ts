import { z } from "zod";
import type { Fault } from "../model/fault.js";
import { CATEGORIES } from "../model/finding.js";
import type { Action, RuleId } from "../model/finding.js";
import type { SourceFile } from "../model/inspection.js";
import { foldText } from "./fold.js";
import { checkNamed } from "./numbers/check.js";
import type { NumberCheck } from "./numbers/check.js";
import { compileNumbers } from "./numbers/variant.js";
import type { NumberSearch } from "./numbers/variant.js";
import { compilePattern, escapeLiteral } from "./pattern.js";
import type { Pattern } from "./pattern.js";
import { compactName } from "./place.js";
import { SHAPES } from "./shapes/shapes.js";
import type { Shape } from "./shapes/shape.js";
import { VALIDATORS } from "./validators/validators.js";
import type { Validator } from "./validators/validator.js";
import { parseShape, readYaml } from "./yaml-source.js";

/** One rule, compiled. What it looks at and how is in docs/rules.md. */
export interface Rule {
  readonly id: RuleId;
  readonly action: Action;
  readonly title: string;
  readonly why: string;
  /** Sources for the prefilter's Set: the rule runs on a text only where one of them occurs. */
  readonly triggers: readonly string[];
  readonly patterns: readonly RulePattern[];
  /** Confirms a text under one of `keys`. */
  readonly keyValidator: Validator | undefined;
  /** Tells texts that say nothing though they stand under one of the names. */
  readonly keyExempt: Validator | undefined;
  /** Compact names. */
  readonly keys: ReadonlySet<string>;
  readonly keyValue: KeyValue;
  /** Lower-case words of which one must stand near a match or in its key, where the pattern needs it. */
  readonly context: readonly string[];
  readonly shape: Shape | undefined;
  /** Numbers that count beside the words of their own kind. */
  readonly search: NumberSearch | undefined;
  /** Compact names of `keys` that count only as the whole name, not at the end of a longer one. */
  readonly wholeKeys: ReadonlySet<string>;
  readonly places: ReadonlySet<TextPlace>;
  /** Whether it looks at strings that passed a schema's pattern. */
  readonly typed: boolean;
  /** Whether it looks at JSON numbers in free places. */
  readonly numbers: boolean;
  readonly examples: { readonly match: readonly unknown[]; readonly pass: readonly unknown[] };
  /** What it does not find though a reader might think so, and why. */
  readonly misses: readonly { readonly example: unknown; readonly because: string }[];
  readonly path: string;
}

/** A pattern proves by itself, or only beside a context word. */
export interface RulePattern {
  readonly pattern: Pattern;
  readonly needsContext: boolean;
  /** In place of the rule's own. */
  readonly validator: Validator | undefined;
  /** So many different texts of the pattern's group must be met in one text; 1 where the first match is enough. */
  readonly distinct: number;
}

export type TextPlace = "value" | "key" | "header" | "path" | "query";
export type KeyValue = "text" | "scalar" | "number" | "any";

const EXAMPLE = z.union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())]);

const PATTERN = z.union([z.string().min(1), z.strictObject({ pattern: z.string().min(1), validator: z.string() })]);

const RULE = z.strictObject({
  id: z.string().regex(new RegExp(`^(${CATEGORIES.join("|")})/[a-z0-9-]+$`), "A rule's id is `category/name` in lower case"),
  action: z.enum(["block", "redact", "report"]).default("block"),
  title: z.string().min(3),
  why: z.string().min(20),
  keywords: z.array(z.string().min(1)).default([]),
  triggers: z.array(z.string().min(1)).default([]),
  patterns: z.array(PATTERN).default([]),
  contextPatterns: z.array(PATTERN).default([]),
  case: z.enum(["sensitive", "insensitive"]).default("insensitive"),
  validator: z.string().optional(),
  distinct: z.int().min(2).max(100).optional(),
  keyValidator: z.string().optional(),
  keyExempt: z.string().optional(),
  keys: z.array(z.string().min(1)).default([]),
  keyValue: z.enum(["text", "scalar", "number", "any"]).default("text"),
  context: z.array(z.string().min(1)).default([]),
  variants: z.array(z.strictObject({ words: z.array(z.string().min(1)).min(1), checks: z.array(z.string().min(1)).min(1) })).default([]),
  shape: z.string().optional(),
  applies: z
    .strictObject({
      to: z.array(z.enum(["value", "key", "header", "path", "query"])).default(["value", "key", "header", "path", "query"]),
      typed: z.boolean().default(true),
      numbers: z.boolean().default(false),
    })
    .default({ to: ["value", "key", "header", "path", "query"], typed: true, numbers: false }),
  examples: z.strictObject({ match: z.array(EXAMPLE).min(3), pass: z.array(EXAMPLE).min(3) }),
  misses: z.array(z.strictObject({ example: EXAMPLE, because: z.string().min(10) })).default([]),
});

/**
 * What was compiled, by folder, name and text: inspector, console and `check` all ask, and of a reload few files have changed. Compiling all
 * of them holds the event loop for a third of a second.
 */
const compiled = new Map<string, Rule>();
/** Past it all is forgotten, so that texts that came and went don't pile up. */
const MOST_COMPILED = 4_096;

/** Reads every rule file; faults are collected, so that all are reported at once. */
export function loadRules(files: readonly SourceFile[], faults: Fault[]): readonly Rule[] {
  const rules: Rule[] = [];
  const seen = new Map<string, string>();
  for (const file of files) {
    const rule = compileOnce(file, faults);
    if (rule === undefined) continue;
    const earlier = seen.get(rule.id);
    if (earlier !== undefined)
      faults.push({
        what: `\`${rule.id}\` is already defined in ${earlier}.`,
        where: readYaml(file, [])?.where(["id"]) ?? file.path,
        mend: "Give each rule its own id.",
      });
    seen.set(rule.id, file.path);
    rules.push(rule);
  }
  return rules;
}

function isOwnValidated(entry: z.infer<typeof PATTERN>): boolean {
  return typeof entry !== "string";
}

function compileOnce(file: SourceFile, faults: Fault[]): Rule | undefined {
  // The folder is the rule's category, which its id is held against.
  const key = `${file.path.split("/").slice(-2).join("/")}\0${file.text}`;
  const known = compiled.get(key);
  if (known !== undefined) return known.path === file.path ? known : { ...known, path: file.path };
  const rule = loadRule(file, faults);
  if (rule === undefined) return undefined;
  if (compiled.size >= MOST_COMPILED) compiled.clear();
  compiled.set(key, rule);
  return rule;
}

function loadRule(file: SourceFile, faults: Fault[]): Rule | undefined {
  const source = readYaml(file, faults);
  if (source === undefined) return undefined;
  const raw = parseShape(source, RULE, faults);
  if (raw === undefined) return undefined;
  const before = faults.length;
  const fault = (path: readonly PropertyKey[], what: string, mend: string): void =>
    void faults.push({ what, where: source.where(path), mend });
  const slash = raw.id.indexOf("/");
  if (!file.path.endsWith(`${raw.id.slice(0, slash)}/${raw.id.slice(slash + 1)}.yaml`)) {
    fault(["id"], `The rule \`${raw.id}\` stands in another file than its id says.`, `Move it to ${raw.id}.yaml.`);
  }
  const patterns: RulePattern[] = [];
  const validatorNamed = (name: string | undefined, path: readonly PropertyKey[]): Validator | undefined => {
    const validator = name === undefined ? undefined : VALIDATORS.get(name);
    if (name !== undefined && validator === undefined)
      fault(path, `No validator is named \`${name}\`.`, `Use one of ${[...VALIDATORS.keys()].sort().join(", ")}.`);
    return validator;
  };
  const validator = validatorNamed(raw.validator, ["validator"]);
  const keyValidator = validatorNamed(raw.keyValidator, ["keyValidator"]);
  const keyExempt = validatorNamed(raw.keyExempt, ["keyExempt"]);
  for (const keyword of ["patterns", "contextPatterns"] as const) {
    raw[keyword].forEach((entry, index) => {
      const text = typeof entry === "string" ? entry : entry.pattern;
      const own = typeof entry === "string" ? validator : validatorNamed(entry.validator, [keyword, index, "validator"]);
      try {
        patterns.push({
          pattern: compilePattern(text, { ignoreCase: raw.case === "insensitive" }),
          needsContext: keyword === "contextPatterns",
          validator: own,
          distinct: raw.distinct ?? 1,
        });
      } catch (error) {
        fault(
          [keyword, index],
          `RE2 refuses the pattern: ${error instanceof Error ? error.message : "unknown"}.`,
          "RE2 has no look-around and no back references.",
        );
      }
    });
  }
  if (raw.distinct !== undefined && (raw.validator !== undefined || raw.contextPatterns.length > 0 || raw.patterns.some(isOwnValidated)))
    fault(["distinct"], "Different texts are counted of patterns without validator and context.", "Leave `distinct` or the others out.");
  if (raw.contextPatterns.length > 0 && raw.context.length === 0)
    fault(["contextPatterns"], "The patterns need a context, and no word is given.", "List the words under `context`.");
  raw.triggers.forEach((text, index) => {
    if (/[^\\]\{\d/.test(text))
      fault(
        ["triggers", index],
        "A trigger holds a counted repetition, which makes the prefilter slow.",
        "Write the class out, or count in the pattern.",
      );
    try {
      compilePattern(text);
    } catch {
      fault(["triggers", index], "RE2 refuses the trigger.", "RE2 has no look-around and no back references.");
    }
  });
  const variants = raw.variants.map(({ words, checks }, index) => ({
    words,
    checks: checks.flatMap((name, at): NumberCheck[] => {
      const check = checkNamed(name);
      if (check === undefined)
        fault(
          ["variants", index, "checks", at],
          `No number check is named \`${name}\`.`,
          "Use `COUNTRY.name` of the stdnum package or one of src/inspect/numbers/own-checks.ts.",
        );
      return check === undefined ? [] : [check];
    }),
  }));
  if (patterns.length + variants.length > 0 && raw.keywords.length + raw.triggers.length === 0) {
    fault(
      ["patterns"],
      "The rule has patterns or variants and nothing that selects the texts to run them on.",
      "Add `keywords` (literals) or `triggers`.",
    );
  }
  if (patterns.length + variants.length === 0 && raw.keys.length === 0 && raw.shape === undefined) {
    fault([], "The rule looks at nothing.", "Give it `patterns`, `variants`, `keys` or a `shape`.");
  }
  const shape = raw.shape === undefined ? undefined : SHAPES.get(raw.shape);
  if (raw.shape !== undefined && shape === undefined)
    fault(["shape"], `No shape is named \`${raw.shape}\`.`, `Use one of ${[...SHAPES.keys()].sort().join(", ")}.`);
  if (faults.length > before) return undefined;
  return {
    id: raw.id as RuleId,
    action: raw.action,
    title: raw.title,
    why: raw.why.trim(),
    triggers: [...raw.keywords.map(escapeLiteral), ...raw.triggers],
    patterns,
    keyValidator,
    keyExempt,
    keys: new Set(raw.keys.map(compactName)),
    wholeKeys: new Set(raw.keys.filter((key) => key.startsWith("^")).map(compactName)),
    search: variants.length === 0 ? undefined : compileNumbers(variants),
    keyValue: raw.keyValue,
    context: raw.context.map(foldText),
    shape,
    places: new Set(raw.applies.to),
    typed: raw.applies.typed,
    numbers: raw.applies.numbers,
    examples: raw.examples,
    misses: raw.misses,
    path: file.path,
  };
}
