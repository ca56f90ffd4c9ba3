/**
 * Takes out one check of the compiled proxy after the other and runs the attack cases: a check whose loss nothing notices survives, and is
 * listed. Works on a copy; `dist/` stays as it is.
 *
 *   node scripts/mutation.mjs                       every check of http/, body/, listen/ and forward/
 *   node scripts/mutation.mjs --sample 40           every n-th, 40 in all
 *   node scripts/mutation.mjs --only http/head      mutants whose name holds this
 *   node scripts/mutation.mjs --list                what it would take out, and nothing run; also checks the list of equivalent ones
 *   node scripts/mutation.mjs --report              what is known so far, and nothing run
 *   node scripts/mutation.mjs --equivalent          those of test/mutation/equivalent.yaml too: one that is noticed does not belong there
 *   node scripts/mutation.mjs --cases               those too that a unit test is known to notice and that were not tried on the cases of today
 *   node scripts/mutation.mjs --case NAME           on the cases with this in their file's or their own name alone, for whoever writes one: says
 *                                                   which mutants they notice, and keeps no verdict; with --all, those that a case notices already too
 *   node scripts/mutation.mjs --unit                the unit tests alone: quick, and what they don't notice stays open
 *   node scripts/mutation.mjs --unit --quick        of those the quick ones alone
 *   node scripts/mutation.mjs --results FILE        another file of verdicts than test/mutation/verdicts.jsonl; a run goes on where it stopped
 *   node scripts/mutation.mjs --dist DIR            another build than dist/
 *
 * Its mutants are of two kinds: an `if` that leads to a refusal, an error or an early end never fires, or its condition loses one side of an
 * `||` or `&&`. All stand in one build and are switched on one by one (test/mutation/noticed.ts); each is tried on those cases only in
 * which its condition would come out otherwise. What no attack case notices goes to the unit tests of its folder and its neighbours. Exits 1 where a
 * mutant survives both and is not known to be equivalent; docs/threat-model.md gives the figures.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { readEquivalent } from "./mutation/equivalent.mjs";
import { digest, filesBelow, findMutants, FOLDERS } from "./mutation/mutants.mjs";
import { isByCase, placeOf, report } from "./mutation/report.mjs";
import { openResults } from "./mutation/results.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const given = process.argv.slice(2);
const valueOf = (name) => (given.includes(name) ? given[given.indexOf(name) + 1] : undefined);
const built = valueOf("--dist") ?? join(root, "dist");
const only = valueOf("--only");
const onlyCases = valueOf("--case");
const sample = Number(valueOf("--sample") ?? "0");
/** Folders and files of test/ whose unit tests a folder's mutants go to. */
const UNIT_TESTS = {
  http: ["http", "gateway/first-party.test.js"],
  body: ["body"],
  listen: ["listen", "gateway/first-party.test.js"],
  forward: ["forward"],
};
/** A process that has finished no case for so long runs in a circle: a case itself gives up after 20 s. */
const SILENCE_MS = 45_000;
const EDGES_SILENCE_MS = 15_000;
/** To start it, on a machine with other work. */
const START_MS = 400_000;

/** Unit test files that take less go one after the other and first; of the others, which wait more than they work, so many run at once. */
const QUICK_MS = 10_000;
const FILES_AT_ONCE = 3;

/** Test files that fail without any mutant, so that they say nothing. */
const red = new Map();

const { mutants: all, files } = findMutants(built);
const wanted = all.filter((mutant) => only === undefined || mutant.key.includes(only));
const step = sample > 0 && sample < wanted.length ? wanted.length / sample : 1;
const chosen = Array.from({ length: Math.floor(wanted.length / step) }, (_, index) => wanted[Math.floor(index * step)]);
const cases = filesBelow(join(root, "test", "bypass"), ".yaml").map((path) => readFileSync(path, "utf8"));
const caseNames = new Set(cases.flatMap((text) => parse(text).cases.map(({ name }) => name)));
const equivalent = readEquivalent(join(root, "test", "mutation", "equivalent.yaml"), all, caseNames);
const rows = readFileSync(join(root, "test", "body", "edges.jsonl"), "utf8");
const tests = FOLDERS.flatMap((folder) => filesBelow(join(built, "test", folder))).map((path) => readFileSync(path, "utf8"));
// In the tree, so that whoever changes one file runs that file's mutants and no others.
const resultsPath = valueOf("--results") ?? join(root, "test", "mutation", "verdicts.jsonl");
const results = openResults(resultsPath, digest(...cases, rows, ...tests), digest(...cases));
/** Which case reaches which mutant takes minutes to find out, and holds for this build and these cases. */
const reachDigest = digest(...cases, ...all.map(({ key, of }) => key + of));
const reachPath = join(root, "node_modules", ".cache", `egress-mutation-reach-${reachDigest}.json`);
mkdirSync(dirname(reachPath), { recursive: true });
if (given.includes("--list")) {
  process.stdout.write(chosen.map(({ key }) => `${key}\n`).join(""));
} else if (onlyCases !== undefined) {
  const unsettled = chosen.filter(
    (mutant) => !equivalent.has(mutant.key) && (given.includes("--all") || !isByCase(results.of(mutant) ?? { by: null })),
  );
  await tryThese(unsettled, onlyCases);
} else {
  const open = chosen.filter((mutant) => isOpen(mutant) && (given.includes("--equivalent") || !equivalent.has(mutant.key)));
  if (!given.includes("--report") && open.length > 0) await judgeAll(open);
  process.exitCode = report(chosen, results, equivalent) ? 0 : 1;
}

function isOpen(mutant) {
  const verdict = results.of(mutant);
  if (verdict === undefined) return true;
  return given.includes("--cases") && !isByCase(verdict) && !results.isTriedOnCases(mutant);
}

async function tryThese(mutants, part) {
  const copy = prepareCopy();
  try {
    for await (const { id, by } of noticedBy(copy, mutants, "noticed.js", [reachPath, part], SILENCE_MS))
      process.stdout.write(`${by ?? "not noticed"}  ${placeOf(all[id])}  ${all[id].key}\n`);
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

async function judgeAll(mutants) {
  const copy = prepareCopy();
  try {
    const reach = new Map(FOLDERS.map((area) => [area, undefined]));
    let edges;
    let done = 0;
    const unitOnly = given.includes("--unit");
    const settle = (mutant, by) => {
      results.add(mutant, by, !unitOnly);
      done += 1;
      process.stdout.write(`${done}/${mutants.length} ${by ?? "SURVIVED"}  ${placeOf(mutant)}  ${mutant.what}\n`);
    };
    for await (const { id, by } of unitOnly ? mutants.map((mutant) => ({ id: mutant.id, by: null })) : noticedByCases(copy, mutants)) {
      const mutant = all[id];
      const known = results.of(mutant)?.by ?? null;
      if (by !== null || known !== null) {
        settle(mutant, by ?? known);
        continue;
      }
      if (mutant.area === "body")
        edges ??= await noticedByEdges(
          copy,
          mutants.filter(({ area }) => area === "body"),
        );
      const unit = edges?.get(id) ?? (await noticedByUnitTests(copy, mutant, reach));
      if (unit !== null || !unitOnly) settle(mutant, unit);
    }
  } finally {
    if (!given.includes("--keep")) rmSync(copy, { recursive: true, force: true });
  }
}

/** Yields a verdict a mutant; one that ends or stops the process is noticed, and the rest go to another one. */
async function* noticedByCases(copy, mutants) {
  yield* noticedBy(copy, mutants, "noticed.js", [reachPath], SILENCE_MS);
}

async function* noticedBy(copy, mutants, program, more, silenceMs) {
  let left = mutants;
  let suspected;
  while (left.length > 0) {
    const work = join(copy, `${program}.json`);
    writeFileSync(work, JSON.stringify(left.map(({ id }) => id)));
    const child = spawn(process.execPath, [join(copy, "dist", "test", "mutation", program), work, ...more], {
      cwd: copy,
      stdio: ["ignore", "pipe", "inherit"],
      // In the background on a busy machine an honest client needs longer.
      env: { ...process.env, BYPASS_PACE: "3", BYPASS_THREADS: "0" },
    });
    // A run that is stopped leaves nothing behind that goes on.
    const stop = () => {
      child.kill("SIGKILL");
      process.exit(130);
    };
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, stop);
    let stuck = false;
    let ready = false;
    let timer;
    const rearm = () => {
      clearTimeout(timer);
      timer = setTimeout(
        () => {
          stuck = true;
          child.kill("SIGKILL");
        },
        ready ? silenceMs : START_MS,
      );
    };
    rearm();
    let told = 0;
    try {
      for await (const line of createInterface({ input: child.stdout })) {
        clearTimeout(timer);
        const verdict = JSON.parse(line);
        if (verdict.id === -2) {
          rearm();
          continue;
        }
        if (verdict.id < 0 && verdict.by !== null) throw new Error(`Without any mutation this fails: ${verdict.by}`);
        ready = true;
        if (verdict.id >= 0) {
          told += 1;
          yield verdict;
        }
        rearm();
      }
    } finally {
      clearTimeout(timer);
      child.kill("SIGKILL");
      for (const signal of ["SIGINT", "SIGTERM"]) process.off(signal, stop);
    }
    if (!ready) throw new Error("The proxy with its sleeping mutants does not start.");
    if (told === left.length) return;
    // Once may be a machine that was too busy; a second time it is the mutant.
    const isCertain = left[told] === suspected;
    if (isCertain) yield { id: left[told].id, by: stuck ? "the process: it runs in a circle" : "the process: it ends" };
    suspected = isCertain ? undefined : left[told];
    left = left.slice(isCertain ? told + 1 : told);
  }
}

/** Which mutants would make a condition come out otherwise in each unit test file of a folder, { file, met: Set of ids, ms }; that of the fewest first. */
async function reachOfUnitTests(copy, area) {
  const folder = join(copy, "met");
  const files = UNIT_TESTS[area]
    .flatMap((place) => (place.endsWith(".js") ? [join(copy, "dist", "test", place)] : filesBelow(join(copy, "dist", "test", place))))
    .filter((file) => file.endsWith(".test.js"));
  const reach = [];
  for (const file of files) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    const from = performance.now();
    await runUnitTest(copy, file, { EGRESS_MET: folder }, given.includes("--quick") ? QUICK_MS + 500 : 120_000);
    const met = readdirSync(folder).flatMap((name) => JSON.parse(readFileSync(join(folder, name), "utf8")));
    reach.push({ file, met: new Set(met), ms: performance.now() - from });
  }
  return reach.sort((a, b) => a.met.size - b.met.size || a.ms - b.ms);
}

/** What the rows of edges.jsonl notice, which are tried in one process: mutant to verdict. One that runs in a circle there is noticed. */
async function noticedByEdges(copy, mutants) {
  const noticed = new Map();
  for await (const { id, by } of noticedBy(copy, mutants, "edges.js", [], EDGES_SILENCE_MS))
    if (by !== null) noticed.set(id, by.startsWith("unit: ") ? by : "unit: body/edges.test.js");
  return noticed;
}

async function noticedByUnitTests(copy, mutant, reach) {
  if (reach.get(mutant.area) === undefined) reach.set(mutant.area, await reachOfUnitTests(copy, mutant.area));
  const met = reach.get(mutant.area).filter((one) => one.met.has(mutant.id));
  const [quick, slow] = [met.filter(({ ms }) => ms < QUICK_MS), met.filter(({ ms }) => ms >= QUICK_MS)];
  let noticed = null;
  const work = (left) => async () => {
    for (let one = left.shift(); one !== undefined && noticed === null; one = left.shift()) {
      const run = (environment) => runUnitTest(copy, one.file, environment, Math.max(20_000, Math.round(one.ms * 8)));
      const mutated = () => run({ EGRESS_MUTANT: String(mutant.id) });
      if (await mutated()) continue;
      if (!red.has(one.file)) red.set(one.file, !(await run({})));
      // One over sockets twice, since a machine with other work may be late for a client once.
      if (!red.get(one.file) && (one.ms < QUICK_MS || !(await mutated())))
        noticed ??= `unit: ${relative(join(copy, "dist", "test"), one.file)}`;
    }
  };
  await work(quick)();
  if (!given.includes("--quick")) await Promise.all(Array.from({ length: FILES_AT_ONCE }, work(slow)));
  return noticed;
}

/** @returns whether all its tests pass */
async function runUnitTest(copy, file, environment, withinMs = 120_000) {
  const args = ["--import", join(copy, "dist", "test", "mutation", "switch.js"), "--test-force-exit", file];
  const child = spawn(process.execPath, args, {
    cwd: copy,
    timeout: withinMs,
    killSignal: "SIGKILL",
    stdio: "ignore",
    env: { ...process.env, ...environment },
  });
  const [status] = await once(child, "exit");
  return status === 0;
}

function prepareCopy() {
  const folder = mkdtempSync(join(tmpdir(), "egress-mutation-"));
  mkdirSync(join(folder, "test"));
  cpSync(built, join(folder, "dist"), { recursive: true });
  for (const { path, text } of files) writeFileSync(join(folder, "dist", path), text);
  cpSync(join(root, "test", "bypass"), join(folder, "test", "bypass"), { recursive: true });
  mkdirSync(join(folder, "test", "body"));
  cpSync(join(root, "test", "body", "edges.jsonl"), join(folder, "test", "body", "edges.jsonl"));
  for (const name of ["node_modules", "package.json", "rules", "demo"])
    if (existsSync(join(root, name))) symlinkSync(join(root, name), join(folder, name));
  return folder;
}
