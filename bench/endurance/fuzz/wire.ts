import { join } from "node:path";
import { startRig } from "../../../test/bypass/rig.js";
import { MARKER } from "../../../test/bypass/specimen.js";
import { Dice } from "../../../test/fuzz/mutations.js";
import { isDirty } from "../../../test/fuzz/oracle.js";
import { openApi } from "./api-attack.js";
import { realHello } from "./real-hello.js";
import { hellos, inTime, replay, serves, WIRE_ATTACKS, type WireAttack } from "./wire-attacks.js";
import { BlackBox, keepFinding, type Order, order, type Word } from "./word.js";

/**
 * Hostile connections to a real proxy with a real vendor behind it, over real sockets and TLS, many at once: nothing dirty and nothing
 * ambiguous may reach the vendor, nothing may throw, hang or grow. Started by `bench/endurance/fuzz.ts`, which watches it.
 */

/** Connections at once: most of the time of one is waiting for the other side. */
const AT_ONCE = 40;
/** Whose turn it is: most often those whose connection costs least, so that requests are many and handshakes few. */
const SHARES = ["http1-plain", "http2", "api", "http1-plain", "http1-tls", "http1-plain", "api", "http1-plain", "hello"];
/** Attacks that seemed to hang and are tried again, alone. */
const MOST_SUSPECTS = 10;
/** What heap and buffers may grow by once the first quarter has warmed them. */
const GROWTH = 48 * 1_048_576;

if (process.send !== undefined) process.once("message", (message) => void run(order.parse(message)));

async function run({ seconds, seed, folder, only }: Order): Promise<void> {
  const told = { inputs: 0, requests: 0, delivered: 0, blocks: 0, kinds: {} as Record<string, number> } satisfies Word;
  const recent: Buffer[] = [];
  const box = new BlackBox(join(folder, "black-box"));
  const noteFault = (error: unknown): void =>
    keepFinding(
      folder,
      "process",
      error instanceof Error ? `unhandled ${error.name}: ${error.message}` : "unhandled",
      Buffer.concat(recent.slice(-AT_ONCE)),
      seed,
    );
  process.on("unhandledRejection", noteFault).on("uncaughtException", noteFault);
  const rig = await startRig([], "patient");
  const api = await openApi();
  const attacks: Record<string, WireAttack> = { ...WIRE_ATTACKS, hello: hellos(await realHello()) };
  // The API answers at once, so it gets a few requests a turn where the others wait for the other side.
  attacks["api"] = async (_, dice, note) => {
    for (let n = 0; n < 16; n += 1) await api.attack(dice, note);
    return 16;
  };
  const kinds = SHARES.filter((kind) => only === undefined || kind === only);
  const end = Date.now() + seconds * 1_000;
  const suspects: { readonly kind: string; readonly bytes: Buffer }[] = [];
  let warm = 0;
  const worker = async (index: number): Promise<void> => {
    const dice = new Dice(seed + index * 7_919);
    for (let turn = index; Date.now() < end; turn += 1) {
      const kind = kinds[turn % kinds.length] ?? "http1-tls";
      let last = Buffer.alloc(0);
      const note = (bytes: Buffer): void => {
        last = Buffer.from(bytes);
        recent.push(last);
        if (recent.length > 200) recent.splice(0, 100);
        box.note(kind, bytes);
      };
      try {
        const requests = await inTime(attacks[kind]?.(rig, dice, note) ?? Promise.resolve(0));
        told.requests += requests;
        told.kinds[kind] = (told.kinds[kind] ?? 0) + requests;
      } catch (error) {
        const what = error instanceof Error ? error.message : "unknown";
        // Where nothing hostile was sent yet, the machine is busy; that the proxy still serves is asked at the end.
        if (last.length === 0) continue;
        if (/hangs/.test(what)) suspects.push({ kind, bytes: last });
        else keepFinding(folder, kind, what, last, seed);
      }
    }
  };
  const judge = (): void => {
    for (const { requestLine, fields, body } of rig.vendor.arrived.splice(0)) {
      told.delivered += 1;
      const whole = Buffer.concat([Buffer.from([requestLine, ...fields].join("\n")), Buffer.from("\n"), body]);
      if (isDirty(body, MARKER) || isDirty(whole, MARKER)) keepFinding(folder, "delivery", "something dirty was delivered", whole, seed);
    }
    // Each connection's own bytes are in what arrived.
    rig.vendor.raw.length = 0;
    for (const problem of rig.vendor.problems.splice(0))
      keepFinding(folder, "delivery", `an ambiguous message was delivered: ${problem}`, Buffer.alloc(0), seed);
    api.stage.installation.vendor.received.length = 0;
    if (warm === 0 && Date.now() > end - seconds * 750) warm = settled();
    process.send?.(told);
  };
  const watch = setInterval(judge, 1_000);
  await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => worker(index)));
  for (const { kind, bytes } of suspects.slice(0, MOST_SUSPECTS))
    await replay(rig, kind, bytes).catch((error: unknown) =>
      keepFinding(folder, kind, error instanceof Error ? error.message : "unknown", bytes, seed),
    );
  await serves(rig).catch((error: unknown) =>
    keepFinding(folder, "end", error instanceof Error ? error.message : "unknown", Buffer.alloc(0), seed),
  );
  clearInterval(watch);
  judge();
  const grown = settled() - warm;
  if (seconds >= 60 && grown > GROWTH)
    keepFinding(folder, "memory", `what is kept in memory grew by ${Math.round(grown / 1_048_576)} MiB`, Buffer.alloc(0), seed);
  if (told.delivered === 0 && only === undefined)
    keepFinding(folder, "delivery", "nothing was ever delivered, so nothing was proved", Buffer.alloc(0), seed);
  await Promise.all([rig.close(), api.close()]);
  box.close();
  const last: Word = { ...told, grownMib: Math.round(grown / 1_048_576) };
  process.send?.(last, () => process.exit(0));
}

/** What lives on after a collection: clients, vendor and proxy share this process, whose allocator keeps what it once had. Bytes. */
function settled(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
