import assert from "node:assert/strict";
import { it } from "node:test";
import { AttackConnection, openSocket, openTunnel, secure } from "../bypass/client.js";
import { type Rig, startRig } from "../bypass/rig.js";
import { MARKER, SPECIMENS } from "../bypass/specimen.js";
import { Dice, fuzzedMessage } from "../fuzz/mutations.js";
import { isDirty } from "../fuzz/oracle.js";

/** Seconds; FUZZ_SECONDS sets another budget, FUZZ_SEED repeats a run. */
const SECONDS = Number(process.env["FUZZ_SECONDS"] ?? "60");
const SEED = Number(process.env["FUZZ_SEED"] ?? Date.now() % 4_294_967_296);
const MESSAGES_A_CONNECTION = 8;
/** What the heap, code caches and allocator may grow by once the first quarter has warmed them. */
const GROWTH = 64 * 1024 * 1024;

it(`survives ${SECONDS} s of bent HTTP and JSON, and lets nothing dirty through (FUZZ_SEED=${SEED})`, {
  timeout: SECONDS * 1_000 + 60_000,
}, async (context) => {
  const faults: string[] = [];
  const onFault = (error: unknown): void => {
    faults.push(error instanceof Error ? error.name : typeof error);
  };
  process.on("unhandledRejection", onFault);
  const rig = await startRig([]);
  const dice = new Dice(SEED);
  const until = Date.now() + SECONDS * 1_000;
  let messages = 0;
  let warm = 0;
  let arrived = 0;
  try {
    while (Date.now() < until) {
      messages += await oneConnection(rig, dice);
      // Judged and let go, so that what the stand-in keeps does not look like the proxy's memory.
      for (const message of rig.vendor.arrived) {
        arrived += 1;
        const whole = Buffer.concat([Buffer.from([message.requestLine, ...message.fields].join("\n")), Buffer.from("\n"), message.body]);
        assert.equal(
          isDirty(message.body, MARKER) || isDirty(whole, MARKER),
          false,
          `something dirty was delivered after ${messages} messages: FUZZ_SEED=${SEED}`,
        );
      }
      rig.vendor.arrived.length = 0;
      rig.vendor.raw.length = 0;
      assert.deepEqual(rig.vendor.problems, [], `an ambiguous message was delivered: FUZZ_SEED=${SEED}`);
      if (warm === 0 && Date.now() > until - SECONDS * 750) warm = settledMemory();
    }
    assert.deepEqual(faults, []);
    assert.ok(await isAlive(rig), "the proxy no longer lets a clean event through");
    const grown = settledMemory() - warm;
    assert.ok(grown < GROWTH, `resident memory grew by ${Math.round(grown / 1_048_576)} MiB`);
    assert.ok(arrived > 0, "nothing was ever delivered, so nothing was proved");
    context.diagnostic(`${messages} messages, ${arrived} delivered, memory grew by ${Math.round(grown / 1_048_576)} MiB`);
  } finally {
    process.off("unhandledRejection", onFault);
    await rig.close();
  }
});

/** @returns how many messages were sent before the connection ended */
async function oneConnection(rig: Rig, dice: Dice): Promise<number> {
  const socket = await openSocket(rig.proxyPort);
  try {
    const opened = await openTunnel(socket, Buffer.from("CONNECT app.diffgram.com:443 HTTP/1.1\r\nHost: app.diffgram.com:443\r\n\r\n"));
    assert.equal(opened?.status, 200);
    const session = await secure(socket, { serverName: "app.diffgram.com", alpn: undefined, version: undefined, caPem: rig.caPem });
    assert.ok(session !== undefined);
    const connection = new AttackConnection(session);
    for (let sent = 1; sent <= MESSAGES_A_CONNECTION; sent += 1) {
      await connection.send(fuzzedMessage(dice), undefined);
      // A message whose stated length was bent never ends: the proxy's time-out answers, or a hang fails the test here.
      if ((await connection.answer()) === undefined) return sent;
    }
    return MESSAGES_A_CONNECTION;
  } finally {
    socket.destroy();
  }
}

async function isAlive(rig: Rig): Promise<boolean> {
  const socket = await openSocket(rig.proxyPort);
  await openTunnel(socket, Buffer.from("CONNECT app.diffgram.com:443 HTTP/1.1\r\nHost: app.diffgram.com:443\r\n\r\n"));
  const session = await secure(socket, { serverName: "app.diffgram.com", alpn: undefined, version: undefined, caPem: rig.caPem });
  if (session === undefined) return false;
  const connection = new AttackConnection(session);
  const body = String(SPECIMENS["clean"]);
  await connection.send(
    Buffer.from(
      `POST /api/walrus/eventhub/new HTTP/1.1\r\nHost: app.diffgram.com\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    ),
    undefined,
  );
  const answer = await connection.answer();
  connection.destroy();
  return answer?.status === 200;
}

function settledMemory(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss;
}
