import { fork } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { whereItHangs } from "./fuzz/where-it-hangs.js";
import { BlackBox, findingsIn, keepFinding, type Order, type Word, word } from "./fuzz/word.js";
import { Ledger, wished } from "./ledger.js";

/**
 * Two hours of fuzzing and a million hostile requests, in turns of five minutes: every reader of hostile bytes in one thread, guided by V8's
 * block coverage (`fuzz/guided.ts`), and a real proxy over sockets (`fuzz/wire.ts`). A turn that crashes, falls silent for a minute, or
 * breaks what must hold leaves its input in `.endurance/fuzz/findings`; from there it becomes a case in test/bypass.
 *
 *   node dist/bench/endurance/fuzz.js --minutes 120 --requests 1000000
 *   node dist/bench/endurance/fuzz.js --only json --minutes 5        one target of one kind of turn
 */
const wish = wished({
  out: ".endurance",
  minutes: "120",
  requests: "1000000",
  turn: "300",
  only: "",
  seed: String(Date.now() % 4_294_967_296),
});
/** A turn says something every second; this long a silence is a hang, however busy the machine. */
const SILENCE_MS = 60_000;
const TURNS = { guided: "./fuzz/guided.js", wire: "./fuzz/wire.js" } as const;
/** Those of the wire are the million, and most of the time. */
const ORDER = ["guided", "wire", "wire"] as const;
const GUIDED = [
  "http1-head",
  "http1-proxy-head",
  "http2-head",
  "http1-chunks",
  "client-hello",
  "proxy-header",
  "json",
  "codings",
  "formats",
  "judgement",
  "policy-file",
  "rule-file",
  "schema-file",
];

const ledger = new Ledger(
  "fuzz",
  z.strictObject({
    minutes: z.number().default(0),
    turns: z.number().default(0),
    inputs: z.number().default(0),
    requests: z.number().default(0),
    delivered: z.number().default(0),
    blocks: z.number().default(0),
    /** The most that a turn over sockets kept in memory beyond what its first quarter did. */
    grownMib: z.number().default(0),
    kinds: z.record(z.string(), z.number()).default({}),
  }),
  wish,
);
const { state } = ledger;
const before = findingsIn(ledger.folder).length;
const done = (): boolean => state.minutes >= Number(wish.minutes) && state.requests >= Number(wish.requests);
while (!done() && !ledger.stopping) {
  const kind = wish.only === "" ? (ORDER[state.turns % ORDER.length] ?? "wire") : GUIDED.includes(wish.only) ? "guided" : "wire";
  const began = Date.now();
  const said = await turn(kind, {
    seconds: Number(wish.turn),
    seed: (Number(wish.seed) + state.turns) % 4_294_967_296,
    folder: ledger.folder,
    ...(wish.only === "" ? {} : { only: wish.only }),
  });
  state.turns += 1;
  state.minutes += (Date.now() - began) / 60_000;
  state.inputs += said?.inputs ?? 0;
  state.requests += said?.requests ?? 0;
  state.delivered += said?.delivered ?? 0;
  state.blocks = Math.max(state.blocks, said?.blocks ?? 0);
  state.grownMib = Math.max(state.grownMib, said?.grownMib ?? 0);
  for (const [name, count] of Object.entries(said?.kinds ?? {})) state.kinds[name] = (state.kinds[name] ?? 0) + count;
  ledger.say(
    `${state.minutes.toFixed(1)} min, ${state.inputs} inputs, ${state.requests} requests (${state.delivered} delivered), ${state.blocks} blocks, ${said?.grownMib ?? 0} MiB kept, ${findingsIn(ledger.folder).length} findings`,
  );
  ledger.keep(true);
}
const findings = findingsIn(ledger.folder);
ledger.claim(
  "no crash, no hang, nothing dirty or ambiguous delivered, nothing read as what it is not",
  findings.length === 0,
  `${state.inputs} inputs, ${state.requests} requests in ${state.minutes.toFixed(0)} minutes; ${findings.length} findings, ${findings.length - before} of them in this run, in ${join(wish.out, "fuzz", "findings")}`,
);
ledger.end(done());

/** @returns what it had said last; a crash and a hang are kept as findings */
function turn(kind: keyof typeof TURNS, told: Order): Promise<Word | undefined> {
  return new Promise((resolve) => {
    const child = fork(fileURLToPath(new URL(TURNS[kind], import.meta.url)), {
      execArgv: ["--expose-gc", "--enable-source-maps"],
      stdio: ["ignore", "inherit", "pipe", "ipc"],
    });
    let complaint = "";
    child.stderr?.on("data", (piece: Buffer) => {
      complaint = (complaint + piece.toString()).slice(-4_000);
    });
    let last: Word | undefined;
    let silent: string | undefined;
    const hang = (): void => {
      void whereItHangs(child).then((where) => {
        silent = where;
        child.kill("SIGKILL");
      });
    };
    let timer = setTimeout(hang, 2 * SILENCE_MS);
    // A turn that is cut off has told of all but its last second.
    const cut = setInterval(() => ledger.stopping && child.kill("SIGKILL"), 250);
    child.on("message", (message) => {
      clearTimeout(timer);
      timer = setTimeout(hang, SILENCE_MS);
      const said = word.safeParse(message);
      if (said.success) last = said.data;
    });
    child.once("exit", (code, signal) => {
      clearTimeout(timer);
      clearInterval(cut);
      const box = BlackBox.read(join(told.folder, "black-box"));
      if (code !== 0 && !ledger.stopping)
        keepFinding(
          told.folder,
          box?.target ?? kind,
          silent !== undefined ? `a hang: a minute of silence, ${silent}` : `a crash: ${signal ?? code} ${complaint.slice(0, 500)}`,
          box?.input ?? Buffer.alloc(0),
          told.seed,
        );
      resolve(last);
    });
    child.send(told);
  });
}
