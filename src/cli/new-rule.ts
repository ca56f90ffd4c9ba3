import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Command, Option } from "commander";
import { stringify } from "yaml";
import { findNestedViews } from "../body/nested-view.js";
import { readLimits } from "../config/policy-limits.js";
import { runExamples } from "../inspect/examples.js";
import { FaultsError } from "../model/fault.js";
import { CATEGORIES } from "../model/finding.js";
import { passingKey } from "../record/passing-key.js";

interface NewRule {
  readonly rules: string;
  readonly title: string;
  readonly why: string;
  readonly pattern?: readonly string[];
  readonly keyword?: readonly string[];
  readonly key?: readonly string[];
  readonly match: readonly string[];
  readonly pass: readonly string[];
}

/**
 * `egress-proxy new-rule CATEGORY/NAME`: writes a rule file with its examples, and only one whose examples hold. Exit 1 where they don't,
 * 2 on bad use.
 */
export function addNewRuleCommand(program: Command): void {
  const collect = (value: string, before: readonly string[] | undefined): string[] => [...(before ?? []), value];
  program
    .command("new-rule <id>")
    .description("write a detection rule with its examples, and hold it to them")
    .option("--rules <dir>", "folder of policy, rules and schemas", "./rules")
    .requiredOption("--title <text>", "what it finds, in a few words")
    .requiredOption("--why <sentence>", "why that counts, for an analyst; never the value")
    .option("--pattern <re2>", "what proves by itself; repeatable", collect)
    .option("--keyword <literal>", "look only at texts that hold it; repeatable", collect)
    .option("--key <name>", "a member of this name is a finding by itself; repeatable", collect)
    .addOption(new Option("--match <example>", "text, or JSON, that it must find; at least three").argParser(collect).makeOptionMandatory())
    .addOption(
      new Option("--pass <example>", "text, or JSON, that it must not find; at least three").argParser(collect).makeOptionMandatory(),
    )
    .action((id: string, options: NewRule) => {
      try {
        process.stdout.write(`${writeRule(id, options)}\n`);
      } catch (error) {
        if (!(error instanceof FaultsError)) throw error;
        process.stderr.write(`${error.message}\n`);
        process.exitCode = error.faults.some((fault) => fault.where.startsWith("--") || fault.where === "ID") ? 2 : 1;
      }
    });
}

function writeRule(id: string, options: NewRule): string {
  const name = new RegExp(`^(?:${CATEGORIES.join("|")})/[a-z][a-z0-9-]*$`);
  if (!name.test(id))
    throw new FaultsError("The rule was not written:", [
      { where: "ID", what: `"${id}" is no rule id.`, mend: `Write CATEGORY/NAME in lower case; categories are ${CATEGORIES.join(", ")}.` },
    ]);
  const path = join(options.rules, `${id}.yaml`);
  if (existsSync(path))
    throw new FaultsError("The rule was not written:", [
      { where: "ID", what: `${path} is there already.`, mend: "Choose another name, or edit that file." },
    ]);
  const text = ruleText(id, options);
  const limits = readLimits(undefined, []);
  const broken = runExamples({ rules: [{ path, text }], schemas: [], limits, pseudonyms: passingKey(), findViews: findNestedViews });
  if (broken.length > 0) throw new FaultsError("The rule does not hold its own examples, so it was not written:", broken);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { flag: "wx" });
  return `${path} is written: ${options.match.length} examples are found, ${options.pass.length} pass. \`egress-proxy check --rules ${options.rules}\` holds it beside the others.`;
}

function ruleText(id: string, { title, why, keyword, pattern, key, match, pass }: NewRule): string {
  return stringify({
    id,
    action: "block",
    title,
    why,
    ...(keyword === undefined ? {} : { keywords: keyword }),
    ...(pattern === undefined ? {} : { patterns: pattern }),
    ...(key === undefined ? {} : { keys: key }),
    examples: { match: match.map(exampleOf), pass: pass.map(exampleOf) },
  });
}

/** JSON that is an object or a list is taken as such; all else is text. */
function exampleOf(example: string): unknown {
  if (!/^\s*[[{]/.test(example)) return example;
  try {
    return JSON.parse(example);
  } catch {
    return example;
  }
}
