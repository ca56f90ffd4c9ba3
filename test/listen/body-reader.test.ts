import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { ChunkedDecoder } from "../../src/http/chunked.js";
import { BodyBudget } from "../../src/listen/body-budget.js";
import { captureBody, discardBody } from "../../src/listen/body-reader.js";
import { ByteReader } from "../../src/listen/byte-reader.js";
import { ConnectionLedger } from "../../src/model/connection-ledger.js";
import { isRefusal } from "../../src/model/refusal.js";
import type { RequestHead } from "../../src/model/exchange.js";

type Framing = RequestHead["framing"];

interface Sent {
  readonly reader: ByteReader;
  readonly socket: PassThrough;
}

/** A reader of a socket on which these pieces come, a turn of the loop apart; `ends`: the client hangs up behind them. */
async function sending(pieces: readonly string[], ends = false): Promise<Sent> {
  const socket = new PassThrough();
  const reader = new ByteReader(socket);
  const [first = "", ...rest] = pieces;
  if (first !== "") socket.write(first, "latin1");
  await pause(1);
  void (async () => {
    for (const piece of rest) {
      socket.write(piece, "latin1");
      await pause(2);
    }
    if (ends) socket.end();
  })();
  return { reader, socket };
}

async function captured(
  { reader }: Sent,
  framing: Framing,
  bounds: { bytes?: number; withinMs?: number; budget?: BodyBudget } = {},
): Promise<string> {
  const share = (bounds.budget ?? new BodyBudget(4_000_000)).share("10.0.0.1");
  const step = await captureBody(
    reader,
    framing,
    { bytes: bounds.bytes ?? 1_000, withinMs: bounds.withinMs ?? 2_000, share },
    () => new ChunkedDecoder(),
  );
  return isRefusal(step) ? step.refused : step.toString("latin1");
}

const CHUNKED: Framing = { kind: "chunked" };
const length = (bytes: number): Framing => ({ kind: "length", length: bytes });

test("a request without a body has none, and nothing is waited for", async () => {
  assert.equal(await captured(await sending(["5\r\nnever\r\n0\r\n\r\n"]), { kind: "none" }), "");
});

for (const [sentence, pieces, framing, is] of [
  ["a body of a stated length, in one piece", ["abcde and the next request"], length(5), "abcde"],
  ["a body of a stated length, in pieces", ["ab", "c", "de and more"], length(5), "abcde"],
  ["a chunked body, in one piece", ["3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nnext"], CHUNKED, "abcde"],
  ["a chunked body, in pieces", ["3\r\nab", "c\r\n", "2\r\nde\r\n0\r\n\r\n"], CHUNKED, "abcde"],
  ["a broken chunk size", ["x\r\n"], CHUNKED, "message-malformed"],
  ["a length over the limit", ["abc"], length(1_001), "body-too-large"],
  ["chunks over the limit", [`3e9\r\n${"x".repeat(1_001)}\r\n0\r\n\r\n`], CHUNKED, "body-too-large"],
] as const) {
  test(`${sentence}: ${is}`, async () => assert.equal(await captured(await sending(pieces), framing), is));
}

test("what follows a body stays for the next request", async () => {
  for (const [body, framing] of [
    ["abcde", length(5)],
    ["5\r\nabcde\r\n0\r\n\r\n", CHUNKED],
  ] as const) {
    const sent = await sending([`${body}GET /`]);
    assert.equal(await captured(sent, framing), "abcde");
    assert.equal(sent.reader.peek().toString(), "GET /");
  }
});

test("a client that hangs up, or falls silent, in the middle of a body is refused, each by its reason", async () => {
  for (const [framing, piece] of [
    [length(5), "ab"],
    [CHUNKED, "5\r\nab"],
  ] as const) {
    assert.equal(await captured(await sending([piece], true), framing), "body-incomplete");
    assert.equal(await captured(await sending([piece]), framing, { withinMs: 20 }), "request-late");
  }
});

test("where the memory for bodies is taken, a body is refused for that, not for its size, however small the next chunk is", async () => {
  // A quarter of it, ten bytes, is one client's.
  const budget = (): BodyBudget => new BodyBudget(40);
  assert.equal(await captured(await sending(["x".repeat(20)]), length(20), { budget: budget() }), "quota-exceeded");
  assert.equal(await captured(await sending(["x".repeat(4), "y".repeat(16)]), length(20), { budget: budget() }), "quota-exceeded");
  assert.equal(
    await captured(await sending([`14\r\n${"x".repeat(20)}\r\n1\r\ny\r\n0\r\n\r\n`]), CHUNKED, { budget: budget() }),
    "quota-exceeded",
  );
});

test("one client gets a quarter of the memory, all together get no more than there is, and what is released can be taken again", () => {
  const budget = new BodyBudget(100);
  const shares = ["a", "b", "c", "d"].map((client) => budget.share(client));
  for (const share of shares) assert.equal(share.take(25), true);
  assert.equal(budget.share("a").take(1), false, "a second body of a client that has its quarter");
  assert.equal(budget.share("e").take(1), false, "another client, when all is taken");
  for (const share of shares) share.release();
  assert.equal(budget.total, 0);
  assert.equal(budget.share("a").take(26), false);
  assert.equal(budget.share("a").take(25), true);
});

test("connections are counted, all of them and each client's, until they end", () => {
  const ledger = new ConnectionLedger(2, 1);
  const [first, second] = [ledger.enter(), ledger.enter()];
  assert.ok(first !== undefined && second !== undefined);
  assert.equal(ledger.enter(), undefined);
  first();
  assert.ok(ledger.enter() !== undefined);
  const leave = ledger.enterClient("10.0.0.1");
  assert.ok(leave !== undefined && ledger.enterClient("10.0.0.2") !== undefined);
  assert.equal(ledger.enterClient("10.0.0.1"), undefined);
  leave();
  assert.ok(ledger.enterClient("10.0.0.1") !== undefined);
});

async function discarded({ reader }: Sent, framing: Framing): Promise<boolean> {
  return discardBody(reader, framing, () => new ChunkedDecoder());
}

test("a refused body is read to its end where that is near, so that the connection can go on", async () => {
  assert.equal(await discarded(await sending([]), { kind: "none" }), true);
  assert.equal(await discarded(await sending(["abcde"]), length(5)), true);
  assert.equal(await discarded(await sending(["ab", "cde"]), length(5)), true);
  assert.equal(await discarded(await sending(["5\r\nabcde\r\n0\r\n\r\n"]), CHUNKED), true);
  assert.equal(await discarded(await sending(["ab"], true), length(5)), false);
  assert.equal(await discarded(await sending(["5\r\nab"], true), CHUNKED), false);
});

test("past 2 MiB nobody reads on", async () => {
  const large = "x".repeat(2 * 1024 * 1024 + 1);
  assert.equal(await discarded(await sending([large]), length(large.length)), false);
  assert.equal(await discarded(await sending([`${large.length.toString(16)}\r\n${large}\r\n0\r\n\r\n`]), CHUNKED), false);
});

test("a reader says closed at once where the client has gone, also past a deadline, and late where time was up before", async () => {
  const { reader, socket } = await sending(["ab"], true);
  await pause(10);
  assert.ok(reader.ended);
  assert.equal(await reader.more(Date.now() - 1), "closed");
  assert.equal(reader.peek().toString(), "ab");
  socket.destroy();
  const silent = new PassThrough();
  const waiting = new ByteReader(silent);
  silent.write("too late");
  assert.equal(await waiting.more(Date.now() - 1), "late");
});

test("more than 64 KiB ahead of what is read stop the socket, until somebody asks for more", async () => {
  const socket = new PassThrough();
  const reader = new ByteReader(socket);
  socket.write(Buffer.alloc(65_537));
  await pause(2);
  assert.ok(socket.isPaused());
  const more = reader.more(Date.now() + 1_000);
  socket.write("x");
  assert.equal(await more, undefined);
  assert.equal(reader.peek().length, 65_538);
});
