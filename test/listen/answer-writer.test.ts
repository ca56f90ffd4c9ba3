import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { AnswerWriter } from "../../src/listen/answer-writer.js";

/** A socket that keeps what is written to it. */
class Kept extends Duplex {
  readonly writes: string[] = [];

  override _read(): void {
    // Nothing comes.
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.writes.push(chunk.toString("latin1"));
    done();
  }
}

function answer(request: { method?: string; minor?: 0 | 1; keepAlive?: boolean } = {}): {
  socket: Kept;
  writer: AnswerWriter;
  sent: () => string;
} {
  const socket = new Kept();
  const writer = new AnswerWriter(socket, { method: "POST", minor: 1, keepAlive: true, ...request });
  return { socket, writer, sent: () => socket.writes.join("") };
}

const bytes = (text: string): Buffer => Buffer.from(text, "latin1");

test("a small answer of a stated length is one write, and the connection can be used again", () => {
  const { socket, writer, sent } = answer();
  writer.head(200, [["Content-Length", "3"]]);
  assert.equal(sent(), "", "the head waits for the body");
  writer.data(bytes("abc"));
  writer.end();
  assert.deepEqual(socket.writes, ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"]);
  assert.ok(writer.reusable);
});

test("a large first piece is not copied behind the head", () => {
  const { socket, writer } = answer();
  writer.head(200, [["Content-Length", "20000"]]);
  writer.data(bytes("x".repeat(20_000)));
  assert.deepEqual(
    socket.writes.map((piece) => piece.length),
    ["HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n".length, 20_000],
  );
});

test("an answer without a length is chunked, and an empty piece does not end it", () => {
  const { writer, sent } = answer();
  writer.head(200, []);
  for (const piece of ["abc", "", "0123456789abcdefg"]) writer.data(bytes(piece));
  writer.end();
  writer.end();
  assert.equal(sent(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n11\r\n0123456789abcdefg\r\n0\r\n\r\n");
  assert.ok(writer.reusable);
});

test("an HTTP/1.0 client gets an answer that the connection's end closes", () => {
  const { writer, sent } = answer({ minor: 0 });
  writer.head(200, []);
  writer.data(bytes("abc"));
  writer.end();
  assert.equal(sent(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc");
  assert.ok(!writer.reusable);
});

for (const [sentence, method, status] of [
  ["to HEAD", "HEAD", 200],
  ["of 204", "POST", 204],
  ["of 304", "GET", 304],
] as const) {
  test(`an answer ${sentence} has no body, whatever its fields say`, () => {
    const { writer, sent } = answer({ method });
    writer.head(status, [["Content-Length", "3"]]);
    writer.data(bytes("abc"));
    writer.end();
    assert.match(sent(), /\r\n\r\n$/);
    assert.ok(writer.reusable);
  });
}

test("nothing is written before the head, behind the end, or of a second head", () => {
  const { writer, sent } = answer();
  writer.data(bytes("early"));
  writer.end();
  assert.equal(sent(), "");
  writer.head(200, [["Content-Length", "0"]]);
  writer.head(500, []);
  writer.end();
  writer.data(bytes("late"));
  assert.equal(sent(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
});

test("more than the stated length is never sent: the connection is cut", () => {
  const { socket, writer, sent } = answer();
  writer.head(200, [["Content-Length", "3"]]);
  writer.data(bytes("ab"));
  assert.equal(writer.data(bytes("cd")), true);
  assert.ok(socket.destroyed && !writer.reusable);
  assert.ok(!sent().includes("cd"));
});

test("less than the stated length cuts the connection too, so that no part is taken for the whole", () => {
  const { socket, writer } = answer();
  writer.head(200, [["Content-Length", "3"]]);
  writer.data(bytes("ab"));
  writer.end();
  assert.ok(socket.destroyed && !writer.reusable);
});

test("an abort behind the end cuts nothing", () => {
  const { socket, writer } = answer();
  writer.head(200, [["Content-Length", "0"]]);
  writer.end();
  writer.abort();
  assert.ok(!socket.destroyed && writer.reusable);
});

test("a client that leaves is told of once, and only while its answer is open", () => {
  const left = answer();
  let told = 0;
  left.writer.onClose(() => (told += 1));
  left.writer.clientLeft();
  left.writer.clientLeft();
  assert.equal(told, 1);
  const aborted = answer();
  aborted.writer.onClose(() => (told += 1));
  aborted.writer.abort();
  aborted.writer.clientLeft();
  assert.equal(told, 1, "we cut it ourselves");
  const ended = answer();
  ended.writer.onClose(() => (told += 1));
  ended.writer.head(200, [["Content-Length", "0"]]);
  ended.writer.end();
  ended.writer.clientLeft();
  assert.equal(told, 1);
  assert.ok(ended.writer.reusable, "half-closed by the client, which may still be answered");
});

test("who asks after the client left is told at once", () => {
  const { writer } = answer();
  writer.clientLeft();
  let told = 0;
  writer.onClose(() => (told += 1));
  assert.equal(told, 1);
});
