/**
 * Runs the compiled benchmarks (`bench/*.ts`) one after the other: `npm run bench`, or `npm run bench -- inspect` for those whose name
 * holds the word. The long runs are never among them: `npm run bench -- endurance/kills --kills 1000` runs that one, with its own words.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, "dist", "bench");
const filters = process.argv.slice(2);
const [first = "", ...words] = filters;
const long = first.startsWith("endurance/") ? [`${first}.js`].filter((name) => existsSync(join(folder, name))) : undefined;
const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".js")) : [];
const chosen = long ?? files.filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter))).sort();
if (chosen.length === 0) {
  process.stderr.write(`No benchmark (bench/*.ts) matches ${filters.join(", ") || "at all"}.\n`);
  process.exitCode = 1;
}
for (const name of chosen) {
  const { status } = spawnSync(process.execPath, ["--expose-gc", join(folder, name), ...(long === undefined ? [] : words)], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) process.exitCode = 1;
}
