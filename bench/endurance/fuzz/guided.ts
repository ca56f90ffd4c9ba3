import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadSettings } from "../../../src/config/settings.js";
import { passingKey } from "../../../src/record/passing-key.js";
import { loadRules } from "../../../src/rules-in-force.js";
import { Dice } from "../../../test/fuzz/mutations.js";
import { bodyTargets } from "./body-targets.js";
import { Coverage } from "./coverage.js";
import { fileTargets } from "./file-targets.js";
import { headTargets } from "./head-targets.js";
import { mutated } from "./mutator.js";
import { realHello } from "./real-hello.js";
import type { Target } from "./target.js";
import { BlackBox, keepFinding, order, type Word } from "./word.js";

/**
 * Coverage-guided fuzzing of every reader of hostile bytes, in one thread: an input that reaches new blocks of the product's code joins the
 * corpus of its target, from which the next inputs are made. Started by `bench/endurance/fuzz.ts`, which watches it.
 */

/** CPU of one input; with V8's block coverage on, honest inputs of this size take a hundredth of it. */
const MOST_CPU_MS = 3_000;
const MOST_CORPUS = 3_000;
/** Inputs of one batch that join the corpus. */
const MOST_LEARNT = 4;

if (process.send !== undefined) process.once("message", (message) => void run(order.parse(message)));

async function run({ seconds, seed, folder, only }: ReturnType<typeof order.parse>): Promise<void> {
  const coverage = new Coverage();
  const rules = loadRules(loadSettings({ env: {}, flags: [] }), passingKey());
  const all = [...headTargets(await realHello()), ...bodyTargets(rules), ...fileTargets(rules)];
  const targets = all.filter(({ name }) => only === undefined || name === only);
  const dice = new Dice(seed);
  const box = new BlackBox(join(folder, "black-box"));
  const told: { -readonly [Key in keyof Word]: Word[Key] } & { kinds: Record<string, number> } = {
    inputs: 0,
    requests: 0,
    delivered: 0,
    blocks: 0,
    kinds: {},
  };
  const corpora = targets.map((target) => new Corpus(target, join(folder, "corpus", target.name)));
  const tryOne = (target: Target, input: Buffer): void => {
    box.note(target.name, input);
    const before = process.cpuUsage();
    try {
      target.run(input);
    } catch (error) {
      const fault = error instanceof Error ? `${error.name}: ${error.message}` : typeof error;
      keepFinding(folder, target.name, fault, input, seed);
    }
    const { user, system } = process.cpuUsage(before);
    if (user + system > MOST_CPU_MS * 1_000) keepFinding(folder, target.name, "slow: one input took seconds of CPU", input, seed);
    told.inputs += 1;
    told.kinds[target.name] = (told.kinds[target.name] ?? 0) + 1;
  };
  for (const [index, target] of targets.entries()) for (const input of corpora[index]?.inputs ?? []) tryOne(target, input);
  coverage.fresh();
  const end = Date.now() + seconds * 1_000;
  let spoken = Date.now();
  for (let turn = 0; Date.now() < end; turn += 1) {
    const target = targets[turn % targets.length];
    const corpus = corpora[turn % targets.length];
    if (target === undefined || corpus === undefined) break;
    const batch = Array.from({ length: target.batch }, () => corpus.next(dice));
    for (const input of batch) tryOne(target, input);
    const fresh = coverage.fresh();
    for (let tries = 0; fresh.size > 0 && tries < MOST_LEARNT; tries += 1) {
      const found = whoReached(batch, fresh, (part) => {
        for (const input of part) tryOne(target, input);
        return coverage.ran();
      });
      if (found === undefined) break;
      corpus.learn(found.input);
      for (const block of found.reached) fresh.delete(block);
    }
    if (Date.now() - spoken < 1_000) continue;
    spoken = Date.now();
    told.blocks = coverage.blocks;
    process.send?.(told);
    await new Promise((resolve) => setImmediate(resolve));
  }
  told.blocks = coverage.blocks;
  box.close();
  process.send?.(told, () => process.exit(0));
}

/** Inputs that each reached something new, kept as files, so that the next turn begins where this one ended. */
class Corpus {
  readonly inputs: Buffer[];
  readonly #target: Target;
  readonly #folder: string;

  constructor(target: Target, folder: string) {
    this.#target = target;
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    this.inputs = [
      ...target.seeds,
      ...readdirSync(folder)
        .sort()
        .map((name) => readFileSync(join(folder, name))),
    ];
  }

  next(dice: Dice): Buffer {
    // Every second time one of the newest, where the unknown lies nearest.
    const newest = Math.max(0, this.inputs.length - 20);
    const pick = (): Buffer =>
      this.inputs[dice.below(2) === 0 ? newest + dice.below(this.inputs.length - newest) : dice.below(this.inputs.length)] ??
      Buffer.alloc(0);
    return mutated(pick(), dice, this.#target.words, pick());
  }

  learn(input: Buffer): void {
    if (this.inputs.length >= MOST_CORPUS) return;
    const file = join(this.#folder, createHash("sha256").update(input).digest("hex").slice(0, 16));
    if (existsSync(file)) return;
    writeFileSync(file, input);
    this.inputs.push(input);
  }
}

/** Halves a batch that reached something new until one input is left that does so alone; undefined where none does it again. */
function whoReached(
  batch: readonly Buffer[],
  fresh: ReadonlySet<string>,
  ran: (part: readonly Buffer[]) => ReadonlySet<string>,
): { readonly input: Buffer; readonly reached: readonly string[] } | undefined {
  let part = batch;
  for (;;) {
    const half = part.slice(0, Math.ceil(part.length / 2));
    const reached = [...ran(half)].filter((block) => fresh.has(block));
    if (reached.length === 0 && part.length === half.length) return undefined;
    const [input] = half;
    if (reached.length > 0 && half.length === 1 && input !== undefined) return { input, reached };
    part = reached.length > 0 ? half : part.slice(half.length);
  }
}
