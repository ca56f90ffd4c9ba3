/**
 * Takes out one check of the compiled proxy after the other and runs the attack cases: a check whose loss no case notices survives, and is
 * listed. Works on a copy; `dist/` stays as it is.
 *
 *   node scripts/mutation.mjs                       every check of http/, body/, listen/ and forward/
 *   node scripts/mutation.mjs --sample 40           every n-th, 40 in all
 *   node scripts/mutation.mjs --only http/head      files whose path holds this
 *   node scripts/mutation.mjs --list                what it would take out, and nothing run
 *   node scripts/mutation.mjs --dist DIR            another build than dist/
 *
 * Its mutants are of two kinds: an `if` that leads to a refusal, an error or an early end never fires, or its condition loses one side of an
 * `||` or `&&`. All stand in one build and are switched on one by one (test/mutation/noticed.ts). What no attack case notices goes to the
 * unit tests of its folder. Exits 1 where a mutant survives both; docs/threat-model.md says what is known of those.
 */
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const given = process.argv.slice(2);
const valueOf = (name) => (given.includes(name) ? given[given.indexOf(name) + 1] : undefined);
const built = valueOf("--dist") ?? join(root, "dist");
const only = valueOf("--only");
const sample = Number(valueOf("--sample") ?? "0");
const FOLDERS = ["http", "body", "listen", "forward"];

const all = [];
const files = FOLDERS.flatMap((folder) => filesBelow(join(built, "src", folder))).map((file) => ({
  file,
  text: instrument(file, readFileSync(file, "utf8")),
}));
const wanted = all.filter((mutant) => only === undefined || mutant.file.includes(only));
const step = sample > 0 && sample < wanted.length ? wanted.length / sample : 1;
const chosen = Array.from({ length: Math.floor(wanted.length / step) }, (_, index) => wanted[Math.floor(index * step)]);

if (given.includes("--list")) {
  for (const mutant of chosen) process.stdout.write(`${placeOf(mutant)}  ${mutant.what}\n`);
  process.exit(0);
}

const copy = prepareCopy();
const counts = { case: 0, unit: 0, none: 0 };
const survivors = [];
try {
  let done = 0;
  for await (const { id, by } of judged(chosen)) {
    done += 1;
    const mutant = all[id];
    const outcome = by !== null ? "case" : isNoticedByUnitTests(mutant) ? "unit" : "none";
    counts[outcome] += 1;
    if (outcome === "none") survivors.push(mutant);
    process.stdout.write(
      `${done}/${chosen.length} ${outcome === "none" ? "SURVIVED" : outcome} ${placeOf(mutant)}  ${mutant.what}  ${by ?? ""}\n`,
    );
  }
} finally {
  if (!given.includes("--keep")) rmSync(copy, { recursive: true, force: true });
}
const judgedCount = counts.case + counts.unit + counts.none;
process.stdout.write(
  `\n${judgedCount} of ${all.length} taken out: ${counts.case} noticed by a case, ${counts.unit} by a unit test alone, ${counts.none} survived.\n`,
);
for (const mutant of survivors) process.stdout.write(`  ${placeOf(mutant)}  ${mutant.what}\n`);
process.exitCode = survivors.length === 0 && judgedCount === chosen.length ? 0 : 1;

/** Yields a verdict a mutant; a mutant that ends the process is noticed, and the rest go to another one. */
async function* judged(mutants) {
  let left = mutants;
  while (left.length > 0) {
    const work = JSON.stringify(left.map(({ id, file }) => ({ id, area: relative(join(built, "src"), file).split("/")[0] })));
    const child = spawn(process.execPath, [join(copy, "dist", "test", "mutation", "noticed.js"), work], {
      cwd: copy,
      stdio: ["ignore", "pipe", "inherit"],
    });
    let told = 0;
    let ready = false;
    for await (const line of createInterface({ input: child.stdout })) {
      const verdict = JSON.parse(line);
      if (verdict.id < 0 && verdict.by !== null) throw new Error(`Without any mutation a case fails: ${verdict.by}`);
      ready = true;
      if (verdict.id < 0) continue;
      told += 1;
      yield verdict;
    }
    if (!ready) throw new Error("The proxy with its sleeping mutants does not start.");
    if (told === left.length) return;
    yield { id: left[told].id, by: "the process" };
    left = left.slice(told + 1);
  }
}

function isNoticedByUnitTests(mutant) {
  const folder = relative(join(built, "src"), mutant.file).split("/")[0];
  const tests = filesBelow(join(copy, "dist", "test", folder)).filter((file) => file.endsWith(".test.js"));
  if (tests.length === 0) return false;
  const preload = `data:text/javascript,globalThis.egressMutant=${mutant.id}`;
  return (
    spawnSync(process.execPath, ["--import", preload, "--test", "--test-force-exit", ...tests], { cwd: copy, timeout: 120_000 }).status !==
    0
  );
}

function prepareCopy() {
  const folder = mkdtempSync(join(tmpdir(), "egress-mutation-"));
  mkdirSync(join(folder, "test"));
  cpSync(built, join(folder, "dist"), { recursive: true });
  for (const { file, text } of files) writeFileSync(join(folder, "dist", relative(built, file)), text);
  cpSync(join(root, "test", "bypass"), join(folder, "test", "bypass"), { recursive: true });
  for (const name of ["node_modules", "package.json", "rules", "demo"]) symlinkSync(join(root, name), join(folder, name));
  return folder;
}

/** The text with all its mutants in it, each asleep until its number is switched on. Adds them to `all`. */
function instrument(file, text) {
  const pattern = /(^[ \t}]*(?:else )?)if \(/gm;
  let out = "";
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    const open = match.index + match[0].length;
    const close = closingBracket(text, open);
    if (close === undefined || open < from) continue;
    const condition = text.slice(open, close);
    const consequence = text.slice(close + 1, close + 160);
    if (!/refus|malformed|throw|return|abort|destroy|fail|break/i.test(consequence)) continue;
    const line = text.slice(0, match.index).split("\n").length;
    let mutated = `(${condition})`;
    const add = (replacement, what) => {
      mutated = `globalThis.egressMutant === ${all.length} ? (${replacement}) : ${mutated}`;
      all.push({ id: all.length, file, line, what: `${what}: if (${short(condition)})` });
    };
    add("false", "never");
    for (const operator of [" || ", " && "]) {
      const at = topLevel(condition, operator);
      if (at === undefined || !parses(condition.slice(0, at)) || !parses(condition.slice(at + operator.length))) continue;
      add(condition.slice(0, at), "without its right side");
      add(condition.slice(at + operator.length), "without its left side");
      break;
    }
    out += text.slice(from, open) + mutated;
    from = close;
  }
  return out + text.slice(from);
}

/** Where the condition ends: at the first bracket up to which it parses, since strings and patterns hold brackets too. */
function closingBracket(text, from) {
  for (let at = text.indexOf(")", from); at >= 0 && at - from < 400; at = text.indexOf(")", at + 1)) {
    if (parses(text.slice(from, at))) return at;
  }
  return undefined;
}

function parses(condition) {
  try {
    // Private names are known inside their class only.
    void new Script(`(async function* () { return (${condition.replaceAll("#", "_")}\n); })`);
    return condition.trim() !== "";
  } catch {
    return false;
  }
}

/** Where an operator stands outside all brackets; the last one, so that the left side holds the rest. */
function topLevel(condition, operator) {
  let depth = 0;
  for (let at = condition.length - 1; at > 0; at -= 1) {
    if (condition[at] === ")") depth += 1;
    else if (condition[at] === "(") depth -= 1;
    else if (depth === 0 && condition.startsWith(operator, at)) return at;
  }
  return undefined;
}

function short(condition) {
  const line = condition.replaceAll(/\s+/g, " ");
  return line.length > 90 ? `${line.slice(0, 87)}…` : line;
}

function placeOf(mutant) {
  return `${relative(join(built, "src"), mutant.file).replace(/\.js$/, "")}:${mutant.line}`;
}

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".js"))
    .sort()
    .map((name) => join(folder, name));
}
