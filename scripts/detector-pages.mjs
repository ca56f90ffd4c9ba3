/**
 * Writes docs/detectors/: a page a rule file, with what it finds, how, and what it misses. Whatever stands there is in the rule, whose examples and
 * misses `egress-proxy check` holds it to, so that no page can say what is not so.
 *
 *   node scripts/detector-pages.mjs            writes the pages
 *   node scripts/detector-pages.mjs --check    exits 1 where a page is not what would be written
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = join(root, "docs", "detectors");
const CATEGORIES = ["pii", "secret", "blob", "annotation"];

const rules = CATEGORIES.flatMap((category) =>
  readdirSync(join(root, "rules", category))
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((name) => parse(readFileSync(join(root, "rules", category, name), "utf8"))),
);
const pages = new Map([["README.md", index()], ...rules.map((rule) => [fileOf(rule), pageOf(rule)])]);

if (process.argv.includes("--check")) {
  const stale = [...pages].filter(([name, text]) => !existsSync(join(target, name)) || readFileSync(join(target, name), "utf8") !== text);
  const gone = existsSync(target) ? readdirSync(target).filter((name) => !pages.has(name)) : [];
  for (const name of [...stale.map(([name]) => name), ...gone])
    process.stderr.write(`docs/detectors/${name} is not what the rules say: node scripts/detector-pages.mjs\n`);
  process.exitCode = stale.length + gone.length > 0 ? 1 : 0;
} else {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const [name, text] of pages) writeFileSync(join(target, name), text);
}

function fileOf({ id }) {
  return `${id.replace("/", "-")}.md`;
}

function index() {
  const lines = rules.map((rule) => `- [${rule.title}](${fileOf(rule)}): \`${rule.id}\``);
  return `# Detectors\n\nA page a rule, written from the rule files by \`scripts/detector-pages.mjs\`. How well they do together: [accuracy](../accuracy.md). What is beside\nthem: payload schemas and the reading of bodies ([rules](../rules.md)).\n\n${lines.join("\n")}\n`;
}

function pageOf(rule) {
  const [category, name] = rule.id.split("/");
  return [
    `# ${rule.title}`,
    `\`${rule.id}\`, [rules/${category}/${name}.yaml](../../rules/${category}/${name}.yaml); ${rule.action ?? "block"} where no case says otherwise.`,
    "## What it finds",
    rule.why.trim(),
    listOf(rule.examples.match.map(code)),
    "## How",
    listOf(howOf(rule)),
    "## What it leaves alone",
    listOf(rule.examples.pass.map(code)),
    "## What it misses",
    listOf((rule.misses ?? []).map(({ example, because }) => `${code(example)}: ${because}`)),
  ]
    .join("\n\n")
    .concat("\n");
}

function howOf(rule) {
  const patterns = rule.patterns ?? [];
  const beside = rule.contextPatterns ?? [];
  const own = [...patterns, ...beside].flatMap((pattern) => (typeof pattern === "string" ? [] : [pattern.validator]));
  const numbers = (rule.variants ?? []).reduce((count, { words }) => count + words.length, 0);
  const applies = rule.applies ?? {};
  return [
    patterns.length > 0 &&
      `${counted(patterns.length, "pattern")} that prove${patterns.length === 1 ? "s" : ""} by ${patterns.length === 1 ? "itself" : "themselves"}${rule.distinct === undefined ? "" : `, where ${rule.distinct} different ones are met in a text`}`,
    beside.length > 0 &&
      `${counted(beside.length, "pattern")} that count${beside.length === 1 ? "s" : ""} beside ${counted(rule.context.length, "word")} or under a name that holds one: ${rule.context.slice(0, 8).map(code).join(", ")}${rule.context.length > 8 ? ", …" : ""}`,
    numbers > 0 &&
      `numbers beside ${counted(numbers, "word")} in ${counted(rule.variants.length, "group")}, each with checks of its own: ${[...new Set(rule.variants.flatMap(({ checks }) => checks))].slice(0, 12).map(code).join(", ")}${new Set(rule.variants.flatMap(({ checks }) => checks)).size > 12 ? ", …" : ""}`,
    (rule.validator !== undefined || own.length > 0) &&
      `a match counts where ${[...new Set([rule.validator, ...own].filter((one) => one !== undefined))].map(code).join(", ")} of \`src/inspect/validators\` confirm${new Set([rule.validator, ...own].filter((one) => one !== undefined)).size === 1 ? "s" : ""} it`,
    (rule.keys ?? []).length > 0 &&
      `a value under ${counted(rule.keys.length, "member name")} (any case, any sign between words): ${rule.keys.slice(0, 8).map(code).join(", ")}${rule.keys.length > 8 ? ", …" : ""}`,
    rule.keyValidator !== undefined && `under such a name, where ${code(rule.keyValidator)} confirms it`,
    rule.keyExempt !== undefined && `under such a name, but not what ${code(rule.keyExempt)} tells`,
    rule.shape !== undefined && `the form of a tree, or of decoded bytes: ${code(rule.shape)} of \`src/inspect/shapes\``,
    applies.to !== undefined && `in ${applies.to.map(code).join(", ")} alone`,
    applies.typed === false && "not in strings that fit a schema's pattern",
    applies.numbers === true && "in JSON numbers too",
  ].filter((line) => line !== false);
}

function counted(count, what) {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function listOf(lines) {
  return lines.map((line) => `- ${line}`).join("\n");
}

/** As code on one line; the fence is longer than any in it. */
function code(example) {
  const text = (typeof example === "string" ? example : JSON.stringify(example)).replaceAll("\n", "⏎");
  const short = text.length > 160 ? `${text.slice(0, 160)}…` : text;
  const fence = "`".repeat(Math.max(0, ...[...short.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  return fence.length > 1 || short.startsWith("`") || short.endsWith("`") ? `${fence} ${short} ${fence}` : `${fence}${short}${fence}`;
}
