import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { connect as connectHttp2 } from "node:http2";
import { test, type TestContext } from "node:test";
import { eventually, stageFor, type Stage } from "../support/running-proxy.js";
import { openTls } from "../support/wire.js";

/* Clients that ask and read nothing, and one that reads. */

const TAGS = "www.googletagmanager.com";
const PATH = "/gtm.js?id=GTM-ABC1234";
/** More than any socket's buffers take. */
const SCRIPT = "x".repeat(4_000_000);

async function stage(context: TestContext, script: string, policy?: (text: string) => string): Promise<Stage> {
  return stageFor(context, {
    hosts: [TAGS],
    ...(policy === undefined ? {} : { policy }),
    // Nothing is over by time before the test is.
    settings: { inspection_threads: 0, upstream: { connections: 8, total_ms: 600_000, first_byte_ms: 600_000 } },
    answer(_, response) {
      response.setHeader("Content-Type", "application/javascript");
      response.end(script);
    },
  });
}

/** A session with a window of zero: of each answer it gets the head. */
async function unreading(
  context: TestContext,
  { port, proxy }: Stage,
  asks: number,
): Promise<{ readonly heads: () => number; readonly cut: () => number; readonly leave: () => void }> {
  const socket = await openTls({ port, to: `${TAGS}:443`, ca: proxy.caPem, alpn: ["h2"] });
  const session = connectHttp2(`https://${TAGS}`, { createConnection: () => socket, settings: { initialWindowSize: 0 } });
  context.after(() => session.destroy());
  session.on("error", () => undefined);
  let heads = 0;
  let cut = 0;
  for (let n = 0; n < asks; n += 1) {
    const stream = session.request({ ":path": PATH });
    stream.on("response", () => (heads += 1)).on("error", () => (cut += 1));
  }
  return { heads: () => heads, cut: () => cut, leave: () => session.destroy() };
}

/** Twelve answers that nobody reads, of which all but one are cut; then a neighbour's, which comes whole. */
async function oneReads(context: TestContext, made: Stage, script: string): ReturnType<typeof unreading> {
  const unread = await unreading(context, made, 12);
  await eventually("all but one of its answers are cut", () => unread.cut() === 11);
  const wire = await made.tunnel(TAGS, { localAddress: "127.0.0.9" });
  const answer = await wire.send(`GET ${PATH} HTTP/1.1\r\nHost: ${TAGS}\r\n\r\n`).answer();
  wire.close();
  // What is in flight would be waited for when the proxy stops.
  unread.leave();
  assert.deepEqual([answer.status, answer.body.length], [200, script.length]);
  return unread;
}

test("a client that reads none of its answers keeps nobody from the destination", { timeout: 60_000 }, async (context) => {
  const made = await stage(context, SCRIPT);
  const unread = await oneReads(context, made, SCRIPT);
  assert.deepEqual([unread.heads(), unread.cut()], [12, 11], "the one that it may have waiting, it keeps");
});

test("a client that asks for a pinned script and reads nothing holds no more of it in memory than a client may", {
  timeout: 60_000,
}, async (context) => {
  const script = "x".repeat(1_000_000);
  const digest = createHash("sha256").update(script).digest("base64");
  const made = await stage(context, script, (text) => text.replace("script: watched", `script: { pinned: ["sha256-${digest}"] }`));
  await oneReads(context, made, script);
});
