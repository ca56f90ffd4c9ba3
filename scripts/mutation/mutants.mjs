/**
 * The checks of the compiled proxy, and what takes each of them out. All mutants of a file stand in it side by side, asleep until
 * `globalThis.egressMutant` is their number; `globalThis.egressMeet`, where it is set, hears of each condition how it came out, and how each of
 * its mutants would have.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { Script } from "node:vm";

export const FOLDERS = ["http", "body", "listen", "forward"];

/**
 * @typedef {object} Mutant
 * @property {number} id what `egressMutant` is set to
 * @property {string} area its folder
 * @property {string} file below src, without `.js`
 * @property {number} line of the compiled file
 * @property {string} what in words, the condition shortened
 * @property {string} key its name over builds: file, change, whole condition, and which of those that read the same
 * @property {string} of digest of its compiled file's code
 */

/**
 * @param {string} built a folder as `dist/`
 * @returns {{ mutants: Mutant[], files: { path: string, text: string }[] }} the files' texts with all their mutants, by path below `built`
 */
export function findMutants(built) {
  const mutants = [];
  const files = FOLDERS.flatMap((folder) => filesBelow(join(built, "src", folder))).map((path) => {
    const text = readFileSync(path, "utf8");
    const place = { area: relative(join(built, "src"), path).split("/")[0], file: relative(join(built, "src"), path).replace(/\.js$/, "") };
    return { path: relative(built, path), text: instrument(text, { ...place, of: digest(codeOf(text)) }, mutants) };
  });
  return { mutants, files };
}

export function digest(...texts) {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(text);
  return hash.digest("hex").slice(0, 16);
}

export function filesBelow(folder, ending = ".js") {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));
}

/** Conditions of which half may be asked once more: nothing is awaited, assigned, counted or taken by them. */
const REPEATABLE =
  /^(?!.*(?:await|\+\+|--|[^=!<>]=[^=>]|\.(?:next|pop|shift|exec|take|admit|share|enter\w*|delete|add|read|push|#\w+)\()).*$/s;

/** Comments and layout change nothing. */
function codeOf(text) {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/^\s*\/\/.*$/gm, "")
    .replaceAll(/\s+/g, " ");
}

function instrument(text, place, mutants) {
  const pattern = /(^[ \t}]*(?:else )?)if \(/gm;
  const alike = new Map();
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
    const others = [];
    const add = (replacement, change, shows) => {
      const id = mutants.length;
      const name = `${change}: if (${condition.replaceAll(/\s+/g, " ")})`;
      const nth = (alike.get(name) ?? 0) + 1;
      alike.set(name, nth);
      const key = `${place.file} ${name}${nth === 1 ? "" : ` #${nth}`}`;
      mutants.push({ id, line, what: `${change}: if (${short(condition)})`, key, ...place });
      others.push({ id, replacement, told: toldOf(condition, replacement, shows) });
    };
    add("false", "never", true);
    for (const operator of [" || ", " && "]) {
      const at = topLevel(condition, operator);
      if (at === undefined || !parses(condition.slice(0, at)) || !parses(condition.slice(at + operator.length))) continue;
      // Half of an `||` differs only where the whole is true, half of an `&&` only where it is false.
      add(condition.slice(0, at), "without its right side", operator === " || ");
      add(condition.slice(at + operator.length), "without its left side", operator === " || ");
      break;
    }
    const alternatives = others.map(({ id, told }) => `[${id}, ${told}]`).join(", ");
    const met = `globalThis.egressMeet === undefined ? (${condition}) : globalThis.egressMeet((${condition}), [${alternatives}])`;
    const mutated = others.reduce((rest, { id, replacement }) => `globalThis.egressMutant === ${id} ? (${replacement}) : ${rest}`, met);
    out += text.slice(from, open) + mutated;
    from = close;
  }
  return out + text.slice(from);
}

/** How the mutant's condition would come out. Where the whole one waits for something, it matters already that the mutant may not. */
function toldOf(condition, replacement, shows) {
  if (condition.includes("await ") && !replacement.includes("await ")) return "() => { throw undefined; }";
  return REPEATABLE.test(condition) ? `() => (${replacement})` : `() => ${!shows}`;
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
