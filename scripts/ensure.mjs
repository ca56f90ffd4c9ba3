/**
 * Makes `npm start` and `npm test` work alone on a fresh clone: installs what package-lock.json names and compiles the sources, but only
 * where a stamp says that this has not been done for exactly these contents. Run by npm's `pre` scripts, so it has to decide quickly.
 *
 * Needs nothing but Node: when it runs, node_modules may not exist yet.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { withLock } from "./lock.mjs";
import { ADDONS_PROBE, soundHeaders } from "./native-headers.mjs";

const SOURCE_FOLDERS = ["src", "test", "bench"];
/** Joins the compiled files into dist/app; an image's build takes it along. */
const BUNDLER = join("scripts", "bundle.mjs");
const ENTRY = join("dist", "app", "egress-proxy.js");
/** Loading them proves that they were compiled, and for this Node. */
const NATIVE_ADDONS = ["better-sqlite3", "re2"];

/** A step failed; its own output has said why. */
class StepError extends Error {}

/** Brings dependencies and build of the package at `root` up to date. Throws StepError where that fails, and then leaves no stamp. */
export async function ensure(root, say = (line) => process.stderr.write(`${line}\n`)) {
  // An installed package or an image holds dist/ and no sources: nothing to build, and nothing to build it with.
  if (!existsSync(join(root, "src")) || !existsSync(join(root, "tsconfig.json"))) return;
  if (dependenciesAreCurrent(root) && buildIsCurrent(root)) return;
  await withLock(join(root, ".stamp", "lock"), say, () => {
    // Asked again, since whoever held the lock may have done the work.
    if (!dependenciesAreCurrent(root) && !adoptDependencies(root)) install(root, say);
    if (!buildIsCurrent(root)) build(root, say);
  });
}

// ---- Dependencies

function dependencyFingerprint(root) {
  const { allowScripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  return digest([
    // Native add-ons are compiled for one ABI of one platform.
    process.versions.modules,
    process.platform,
    process.arch,
    JSON.stringify(allowScripts ?? {}),
    readFileSync(join(root, "package-lock.json")),
  ]);
}

/** Inside node_modules, so that deleting that folder deletes the claim too. */
const dependencyStamp = (root) => join(root, "node_modules", ".egress-proxy-stamp");

function dependenciesAreCurrent(root) {
  return readStamp(dependencyStamp(root)) === dependencyFingerprint(root);
}

/** Takes over a tree that someone installed by hand with npm, if it is the locked one and its add-ons load in this Node. */
function adoptDependencies(root) {
  const installed = readJson(join(root, "node_modules", ".package-lock.json"))?.packages;
  const locked = readJson(join(root, "package-lock.json"))?.packages;
  if (installed === undefined || locked === undefined) return false;
  for (const [path, entry] of Object.entries(locked)) {
    if (path === "") continue;
    const found = installed[path];
    if (found === undefined && !entry.optional && !entry.devOptional) return false;
    if (found !== undefined && (found.version !== entry.version || found.integrity !== entry.integrity)) return false;
  }
  if (Object.keys(installed).some((path) => locked[path] === undefined)) return false;
  if (!addonsLoad(root)) return false;
  writeStamp(dependencyStamp(root), dependencyFingerprint(root));
  return true;
}

/** In a process of its own: a wrongly compiled add-on may crash instead of throwing. */
function addonsLoad(root) {
  return spawnSync(process.execPath, ["--input-type=module", "-e", ADDONS_PROBE], { cwd: root, stdio: "ignore" }).status === 0;
}

function install(root, say) {
  say("Installing dependencies (npm ci). The first time compiles two native add-ons: some 4 minutes on two cores, with nothing to see.");
  rmSync(dependencyStamp(root), { force: true });
  // --include=dev: the compiler is needed here even where NODE_ENV says production. --ignore-scripts=false: the add-ons are compiled by theirs.
  const args = ["ci", "--include=dev", "--ignore-scripts=false", "--no-audit", "--no-fund"];
  const npm = process.env.npm_execpath;
  const [command, first] = npm?.endsWith("js") ? [process.execPath, [npm]] : ["npm", []];
  const headers = join(root, ".stamp", "node-headers");
  // Only where Node's own can't be used: else node-gyp finds, or fetches, what it always does.
  const env = soundHeaders(headers) === headers ? { ...process.env, npm_config_nodedir: headers } : process.env;
  run(
    root,
    command,
    [...first, ...args],
    "`npm ci` failed (its output is above). Native add-ons need python3, make and a C++ compiler.",
    env,
  );
  if (!addonsLoad(root)) {
    throw new StepError(
      `The native add-ons ${NATIVE_ADDONS.join(" and ")} do not work in Node ${process.version}. ` +
        "Run `npm rebuild better-sqlite3 re2 --foreground-scripts` to see why.",
    );
  }
  writeStamp(dependencyStamp(root), dependencyFingerprint(root));
  useGitHooks(root);
}

/** A clone's own hooks, unless its owner has already chosen some. Best effort: a source archive is no repository. */
function useGitHooks(root) {
  if (!existsSync(join(root, ".git")) || !existsSync(join(root, ".githooks"))) return;
  const chosen = spawnSync("git", ["config", "--get", "core.hooksPath"], { cwd: root, stdio: "ignore" });
  if (chosen.status === 1) spawnSync("git", ["config", "core.hooksPath", ".githooks"], { cwd: root, stdio: "ignore" });
}

// ---- Build

const buildStamp = (root) => join(root, "dist", ".stamp");

function buildIsCurrent(root) {
  const stamp = readStamp(buildStamp(root));
  if (stamp === undefined) return false;
  const sources = listSources(root);
  return stamp === buildFingerprint(root, sources) && hasAllOutputs(root, sources) && existsSync(join(root, ENTRY));
}

/** Contents, not times: a checkout touches times and a restored backup keeps them. Reading all sources costs some 10 ms. */
function buildFingerprint(root, sources) {
  const parts = ["tsconfig.json", "package-lock.json", BUNDLER].map((name) => readFileSync(join(root, name)));
  for (const source of sources) parts.push(relative(root, source), readFileSync(source));
  return digest(parts);
}

function build(root, say) {
  say("Compiling (tsc).");
  const sources = listSources(root);
  const fingerprint = buildFingerprint(root, sources);
  rmSync(buildStamp(root), { force: true });
  // tsc's own memory would let it skip an output that someone deleted.
  if (!hasAllOutputs(root, sources)) rmSync(join(root, "dist", ".tsbuildinfo"), { force: true });
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  run(root, process.execPath, [tsc, "--project", "tsconfig.json"], "The sources do not compile (tsc's output is above).");
  removeStaleOutputs(root, new Set(sources.map((source) => outputOf(root, source))));
  run(root, process.execPath, [join(root, BUNDLER)], "The compiled files could not be joined (esbuild's output is above).");
  // Of what was there before tsc read it: a file saved meanwhile makes the stamp wrong, and so the next run builds again.
  writeStamp(buildStamp(root), fingerprint);
}

/** What was compiled from a source that is gone: a deleted test must not run, nor a deleted module be found. */
function removeStaleOutputs(root, current) {
  for (const folder of SOURCE_FOLDERS) {
    for (const file of walk(join(root, "dist", folder))) {
      const output = file.replace(/\.(js\.map|d\.ts)$/, ".js");
      if (!current.has(output)) rmSync(file);
    }
  }
}

function hasAllOutputs(root, sources) {
  return sources.every((source) => source.endsWith(".d.ts") || existsSync(outputOf(root, source)));
}

function outputOf(root, source) {
  return join(root, "dist", relative(root, source).replace(/ts$/, "js"));
}

function listSources(root) {
  return SOURCE_FOLDERS.flatMap((folder) => walk(join(root, folder)))
    .filter((file) => file.endsWith(".ts"))
    .sort();
}

// ---- Small things

function walk(folder) {
  if (!existsSync(folder)) return [];
  const files = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = folder + sep + entry.name;
    if (entry.isDirectory()) files.push(...walk(path));
    else files.push(path);
  }
  return files;
}

function run(root, command, args, failure, env = process.env) {
  // To stderr, so that what the command itself prints (`npm run -s …  | jq`) stays clean.
  const result = spawnSync(command, args, { cwd: root, env, stdio: ["ignore", 2, 2] });
  if (result.error !== undefined) throw new StepError(`${failure} ${result.error.message}`);
  if (result.status !== 0) throw new StepError(`${failure} Exit ${result.signal ?? result.status}.`);
}

function digest(parts) {
  const hash = createHash("sha256");
  for (const part of parts) {
    // Lengths keep two different lists from running into the same bytes.
    hash.update(`${Buffer.byteLength(part)}:`);
    hash.update(part);
  }
  return hash.digest("hex");
}

function readStamp(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** By rename, so that a stamp is there whole or not at all. */
function writeStamp(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, text);
  renameSync(draft, path);
}

// By its real path: a checkout may be reached through a symbolic link.
if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) {
  const root = dirname(dirname(fileURLToPath(import.meta.url)));
  try {
    await ensure(root);
  } catch (error) {
    if (!(error instanceof StepError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
