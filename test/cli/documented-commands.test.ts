import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { packageRoot } from "../../src/config/package-root.js";

/* Whoever reads a runbook at night types what it says. */

const CLI = fileURLToPath(new URL("../../src/cli/", import.meta.url));
/** In code of a page, a note or a comment: the command, or how it is called in the image. Not the release of that name. */
const WRITTEN = /(?:^|[\s`(|&;])(?:(?:npx )?egress-proxy|(?:node )?dist\/app\/egress-proxy\.js) ([a-z][^`\n]*)/gm;
const SHELL_END = /^(?:[>|&;#]|&&|\|\||\d>.*|done)$/;

async function program(): Promise<Command> {
  const whole = new Command("egress-proxy");
  for (const file of readdirSync(CLI).filter((name) => name.endsWith(".js") && name !== "main.js")) {
    const exported: unknown = await import(join(CLI, file));
    if (typeof exported !== "object" || exported === null) continue;
    for (const [name, add] of Object.entries(exported)) if (/^add\w+Command$/.test(name) && typeof add === "function") add(whole);
  }
  return whole;
}

function pages(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return pages(path);
    return /\.(?:md|txt|ya?ml|json|tpl)$/.test(entry.name) ? [path] : [];
  });
}

/** What is wrong with a command as it is written; undefined where it can be typed so. */
function faultOf(words: readonly string[], whole: Command): string | undefined {
  let command = whole;
  const left = [...words];
  for (let word = left[0]; word !== undefined && command.commands.length > 0; word = left[0]) {
    // A table names several at once: list|show.
    const names = word.replaceAll("\\|", "|").split("|");
    const found = names.map((name) => command.commands.find((each) => each.name() === name || each.aliases().includes(name)));
    const [first] = found;
    if (first === undefined || found.includes(undefined)) {
      const takesIt = word.startsWith("-") && Reflect.get(command, "_actionHandler") !== null;
      if (word === "--help" || takesIt) break;
      return `${command.name()} has no ${word}`;
    }
    command = first;
    left.shift();
  }
  const known = new Set(["--help", ...command.options.flatMap((option) => [option.long, option.short])]);
  for (const word of left) {
    if (SHELL_END.test(word)) return undefined;
    const [flag = ""] = word.replace(/^\[/, "").replace(/\]$/, "").split("=");
    if (/^--?[a-z]/.test(flag) && !known.has(flag)) return `${command.name()} has no ${flag}`;
  }
  return undefined;
}

test("every command that README, docs and deploy name exists, with the flags that they give it", async () => {
  const whole = await program();
  const root = packageRoot();
  const faults: string[] = [];
  let seen = 0;
  for (const page of [join(root, "README.md"), join(root, "SECURITY.md"), ...pages(join(root, "docs")), ...pages(join(root, "deploy"))]) {
    const text = readFileSync(page, "utf8");
    // The image holds no dist/src.
    if (/\bexec\b.*dist\/src\//.test(text)) faults.push(`${relative(root, page)}: calls a file that the image does not hold`);
    for (const [, written = ""] of text.matchAll(WRITTEN)) {
      seen += 1;
      const words = written.split(/\s+/).map((word) => word.replace(/[.,:;)]+$/, ""));
      const fault = faultOf(
        words.filter((word) => word !== ""),
        whole,
      );
      if (fault !== undefined) faults.push(`${relative(root, page)}: ${fault} (${written})`);
    }
  }
  assert.deepEqual(faults, []);
  assert.ok(seen > 80, `${seen} commands were found`);
});

test("a command, a part of one, or a flag that does not exist would be told", async () => {
  const whole = await program();
  const told = (line: string): string | undefined => faultOf(line.split(" "), whole);
  assert.equal(told("pins --data /data"), "pins has no --data");
  assert.equal(told("record list"), "egress-proxy has no record");
  assert.equal(told("records list --sinze 1h"), "list has no --sinze");
  assert.equal(told("records list|sho"), "records has no list|sho");
  assert.equal(told("records list --since 1h --data /data # newest --first"), undefined);
  assert.equal(told("console --data /data"), undefined);
  assert.equal(told("console user add ANA --role admin"), undefined);
});
