import assert from "node:assert/strict";
import { test } from "node:test";
import { plainMediaType } from "../../src/body/media-type.js";
import { forwardedHeaders } from "../../src/http/forwarded-headers.js";
import type { HeaderField } from "../../src/model/exchange.js";

const BODY = { kind: "length", length: 2 } as const;
const forwarded = (headers: readonly HeaderField[], named: readonly string[] = [], framing: { kind: "none" } | typeof BODY = BODY) =>
  forwardedHeaders({ headers, framing }, named, plainMediaType);

test("what every destination gets keeps its order and case; fields that nobody listed stay here", () => {
  assert.deepEqual(
    forwarded([
      ["User-Agent", "x"],
      ["X-Note", "1"],
      ["accept", "*/*"],
      ["Cookie", "a=1"],
    ]),
    [
      ["User-Agent", "x"],
      ["accept", "*/*"],
    ],
  );
});

test("of a preference the first goes on, and none that is longer than one", () => {
  assert.deepEqual(
    forwarded([
      ["Accept", "a/b"],
      ["Accept", "c/d"],
      ["Accept-Language", "x".repeat(513)],
      ["User-Agent", "y".repeat(512)],
    ]),
    [
      ["Accept", "a/b"],
      ["User-Agent", "y".repeat(512)],
    ],
  );
});

test("a field that the policy names goes on as it is, as often as it stands there", () => {
  const headers: HeaderField[] = [
    ["X-Trace", "1"],
    ["X-Trace", "2".repeat(600)],
  ];
  assert.deepEqual(forwarded(headers, ["x-trace"]), headers);
});

test("what belongs to one hop never goes on, whatever the policy names", () => {
  for (const name of ["Connection", "TE", "Transfer-Encoding", "Proxy-Authorization", "Host", "Content-Length", "Expect", "HTTP2-Settings"])
    assert.deepEqual(forwarded([[name, "x"]], [name.toLowerCase()]), []);
});

test("fields of a body stay here where there is none", () => {
  const headers: HeaderField[] = [
    ["Content-Type", "application/json"],
    ["Content-Encoding", "gzip"],
  ];
  assert.deepEqual(forwarded(headers), headers);
  assert.deepEqual(forwarded(headers, ["content-type", "content-encoding"], { kind: "none" }), []);
});

for (const [written, plain] of [
  ["application/json", "application/json"],
  ["Application/JSON;charset=UTF-8", "application/json; charset=UTF-8"],
  ['application/json; charset="utf-8"; a=b', "application/json; charset=utf-8"],
  ['application/json; a="; charset=utf-16"', "application/json"],
  ["application/json; boundary=x", "application/json"],
  ["multipart/form-data; boundary=x; a=b", "multipart/form-data; boundary=x"],
  ['multipart/form-data; boundary="a:b"', 'multipart/form-data; boundary="a:b"'],
  ['multipart/form-data; boundary="a\\"b"', 'multipart/form-data; boundary="a\\"b"'],
  ["no type", undefined],
  ["application/json; a", undefined],
] as const) {
  test(`the Content-Type ${written} is written as ${plain ?? "none"}`, () => assert.equal(plainMediaType(written), plain));
}
