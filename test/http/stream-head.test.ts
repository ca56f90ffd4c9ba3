import assert from "node:assert/strict";
import { test } from "node:test";
import { parseStreamHead } from "../../src/http/stream-head.js";
import type { HeaderField } from "../../src/model/exchange.js";
import { isRefusal } from "../../src/model/refusal.js";
import type { Target } from "../../src/model/target.js";

/*
 * What nghttp2 lets no client send is refused here all the same: which fields reach us depends on its version and its options, and the
 * attack cases of test/bypass, which go over real sockets, never get this far with them.
 */

const target: Target = { scheme: "https", host: "app.diffgram.com", port: 443, ip: undefined };
const PSEUDO: readonly HeaderField[] = [
  [":method", "POST"],
  [":scheme", "https"],
  [":authority", "app.diffgram.com"],
  [":path", "/in"],
];
const without = (...names: string[]): HeaderField[] => PSEUDO.filter(([name]) => !names.includes(name));

function read(fields: readonly HeaderField[], ended = false): string {
  const head = parseStreamHead(fields, target, ended);
  return isRefusal(head) ? `${head.refused}: ${head.detail}` : `${head.method} ${head.path} ${JSON.stringify(head.framing)}`;
}

const REFUSED: readonly (readonly [sentence: string, fields: readonly HeaderField[], told: RegExp])[] = [
  ["a method that is missing", without(":method"), /^message-malformed: The method/],
  ["a method that is no token", [[":method", "PO ST"], ...without(":method")], /^message-malformed: The method/],
  ["a CONNECT", [[":method", "CONNECT"], ...without(":method")], /^upgrade-refused: A CONNECT/],
  ["no scheme", without(":scheme"), /^target-mismatch: The stream's scheme/],
  ["no authority and no Host", without(":authority"), /^message-malformed: The stream names no authority/],
  ["an authority that can't be read", [...without(":authority"), [":authority", "a@b"]], /^target-invalid/],
  ["an authority that differs", [...without(":authority"), [":authority", "evil.example"]], /^target-mismatch: The stream's authority/],
  ["no path", without(":path"), /^message-malformed: The path does not start/],
  [":protocol", [...PSEUDO, [":protocol", "websocket"]], /^upgrade-refused: The stream asks/],
  ["an unknown pseudo-header field", [...PSEUDO, [":x", "1"]], /^message-malformed: A pseudo-header/],
  ["a pseudo-header field twice", [...PSEUDO, [":path", "/other"]], /^message-malformed: A pseudo-header/],
  ["a pseudo-header field behind a field", [...without(":path"), ["x-a", "1"], [":path", "/in"]], /^message-malformed: A pseudo-header/],
  ["a name in upper case", [...PSEUDO, ["X-A", "1"]], /^message-malformed: A header field's name/],
  ["a name that is no token", [...PSEUDO, ["x a", "1"]], /^message-malformed: A header field's name/],
  ["a control character in a value", [...PSEUDO, ["x-a", "1\nhost: evil.example"]], /^message-malformed: A header field holds/],
  ["an octet that is not ASCII in a pseudo-header field", [...without(":path"), [":path", "/\u00e9"]], /^message-malformed: A header/],
  ["Connection", [...PSEUDO, ["connection", "close"]], /^message-malformed: The stream has a field that belongs/],
  ["Transfer-Encoding", [...PSEUDO, ["transfer-encoding", "chunked"]], /^message-malformed: The stream has a field that belongs/],
  ["HTTP2-Settings", [...PSEUDO, ["http2-settings", "AAMAAABk"]], /^message-malformed: The stream has a field that belongs/],
  ["TE with more than trailers", [...PSEUDO, ["te", "trailers, chunked"]], /^message-malformed: The stream has a field that belongs/],
  ["two Hosts", [...PSEUDO, ["host", "app.diffgram.com"], ["host", "app.diffgram.com"]], /^message-ambiguous: The request has two host/],
  ["two lengths", [...PSEUDO, ["content-length", "2"], ["content-length", "2"]], /^message-ambiguous: The request has two content-length/],
  ["a length that is no number", [...PSEUDO, ["content-length", "2,2"]], /^message-ambiguous: The Content-Length/],
  ["Expect with something else", [...PSEUDO, ["expect", "x"]], /^expect-refused/],
  ["101 fields", [...PSEUDO, ...Array.from({ length: 97 }, (_, n): HeaderField => [`x-${n}`, "1"])], /^headers-too-large/],
];

for (const [sentence, fields, told] of REFUSED) {
  test(`a stream with ${sentence} is refused`, () => assert.match(read(fields), told));
}

const TAKEN: readonly (readonly [sentence: string, fields: readonly HeaderField[], ended: boolean, is: string])[] = [
  ["no body", PSEUDO, true, 'POST /in {"kind":"none"}'],
  ["a body of unknown length", PSEUDO, false, 'POST /in {"kind":"chunked"}'],
  ["a stated length", [...PSEUDO, ["content-length", "2"]], false, 'POST /in {"kind":"length","length":2}'],
  ["a stated length of nothing, which its body may belie", [...PSEUDO, ["content-length", "0"]], false, 'POST /in {"kind":"chunked"}'],
  ["a Host in place of the authority", [...without(":authority"), ["host", "APP.diffgram.com:443"]], true, 'POST /in {"kind":"none"}'],
  ["TE: trailers", [...PSEUDO, ["te", "trailers"]], true, 'POST /in {"kind":"none"}'],
  ["two fields of a kind that may repeat", [...PSEUDO, ["cookie", "a=1"], ["cookie", "b=2"]], true, 'POST /in {"kind":"none"}'],
  ["100 fields", [...PSEUDO, ...Array.from({ length: 96 }, (_, n): HeaderField => [`x-${n}`, "1"])], true, 'POST /in {"kind":"none"}'],
];

for (const [sentence, fields, ended, is] of TAKEN) {
  test(`a stream with ${sentence} is taken`, () => assert.equal(read(fields, ended), is));
}

test("a stream that ends with its head must not state a body", () =>
  assert.match(read([...PSEUDO, ["content-length", "2"]], true), /^message-malformed: The stream ends without the body/));

test("white space around a value is no part of it", () => {
  const head = parseStreamHead([...PSEUDO, ["x-a", " \t1 2\t "]], target, true);
  assert.ok(!isRefusal(head));
  assert.deepEqual(head.headers, [["x-a", "1 2"]]);
});
