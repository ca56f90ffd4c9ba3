/**
 * Writes src/inspect/validators/given-names.ts and family-names.ts from the lists of @faker-js/faker (MIT), folded as the detectors fold:
 * loading the package itself would cost each process and thread a quarter of a second and 40 MB.
 *
 *   node scripts/name-lists.mjs            after the package's version was raised (compile first: it folds by dist/src/inspect/fold.js)
 *   node scripts/name-lists.mjs --check    exits 1 where the files are not what the installed package gives
 */
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { allLocales } from "@faker-js/faker";
import { foldText } from "../dist/src/inspect/fold.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { version, license } = JSON.parse(readFileSync(join(root, "node_modules/@faker-js/faker/package.json"), "utf8"));

/** Locales that are a joke or no one's language. */
const NO_LOCALE = new Set(["base", "en_AU_ocker", "en_BORK"]);
/** Characters of a line in the file: few enough to page through, enough to keep it short. */
const LINE = 4_000;

function gather(given, into) {
  if (typeof given === "string") {
    if (given.includes("{{")) return;
    // A name of several words is kept by its words, since the detectors ask word by word.
    if (!/[\s,]/.test(given)) into.add(foldText(given));
    for (const word of given.split(/[\s-]+/)) if (word.length > 2 && !word.includes(",")) into.add(foldText(word));
  } else if (typeof given === "object" && given !== null) {
    // Lists come as lists or as lists by sex.
    for (const part of Object.values(given)) gather(part, into);
  }
}

function fileOf(constant, title, field) {
  const names = new Set();
  for (const [locale, { person }] of Object.entries(allLocales)) if (!NO_LOCALE.has(locale)) gather(person?.[field], names);
  names.delete("");
  const lines = [""];
  for (const name of [...names].sort()) {
    if (lines[lines.length - 1].length + name.length > LINE) lines.push("");
    lines[lines.length - 1] += lines[lines.length - 1] === "" ? name : ` ${name}`;
  }
  const text = lines.join("\n").replace(/[\\`$]/g, "\\$&");
  return [
    `/** ${title}, in small letters without accents. Made by scripts/name-lists.mjs from @faker-js/faker ${version} (${license}); not edited by hand. */`,
    `export const ${constant} = \`${text}\`;`,
    "",
  ].join("\n");
}

const files = {
  "given-names.ts": fileOf("GIVEN_NAMES", "Given names of 75 locales", "first_name"),
  "family-names.ts": fileOf("FAMILY_NAMES", "Family names of 75 locales", "last_name"),
};
for (const [name, text] of Object.entries(files)) {
  const path = join(root, "src/inspect/validators", name);
  if (!process.argv.includes("--check")) writeFileSync(path, text);
  else if (readFileSync(path, "utf8") !== text) {
    process.stderr.write(`${path} is not what @faker-js/faker ${version} gives: run node scripts/name-lists.mjs\n`);
    process.exitCode = 1;
  }
}
