/**
 * Runs the compiled tests by an explicit list of files, since `node --test` takes folders on Node 20 and globs from 22 on.
 *
 *   npm test                            everything but test/e2e
 *   npm test -- observe body/json       files whose path holds one of these
 *   npm test -- --test-name-pattern=x   what starts with a dash goes to `node --test`
 *   npm run test:e2e                    test/e2e, one file at a time: they share ports, namespaces and Debian's tools
 *
 * With CI set, coverage is measured by c8 (.c8rc.json).
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const given = process.argv.slice(2);
const endToEnd = given.includes("--e2e");
const options = given.filter((word) => word.startsWith("-") && word !== "--e2e");
const filters = given.filter((word) => !word.startsWith("-")).map((word) => word.replace(/\.ts$/, ".js"));

const all = listTests(join(root, "dist", "test")).map((file) => relative(root, file).replaceAll("\\", "/"));
const suite = all.filter((file) => file.startsWith("dist/test/e2e/") === endToEnd);
const chosen = filters.length === 0 ? suite : suite.filter((file) => filters.some((filter) => file.includes(filter)));
if (chosen.length === 0) {
  process.stderr.write(`No test file matches ${filters.join(", ") || "at all"}: looked at ${suite.length} files under dist/test.\n`);
  process.exit(1);
}

// Node 20 writes TAP where no terminal listens; one form everywhere is easier to read and to count.
const reporter = options.some((option) => option.startsWith("--test-reporter")) ? [] : ["--test-reporter=spec"];
const node = ["--enable-source-maps", "--test", ...reporter, `--test-concurrency=${endToEnd ? 1 : 2}`, ...options, ...chosen];
const covered = process.env.CI !== undefined && !endToEnd && filters.length === 0;
const args = covered ? [join(root, "node_modules", "c8", "bin", "c8.js"), process.execPath, ...node] : node;
const result = spawnSync(process.execPath, args, { cwd: root, stdio: "inherit" });
if (result.error !== undefined) throw result.error;
process.exitCode = result.status ?? 1;

function listTests(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".test.js"))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .sort();
}
