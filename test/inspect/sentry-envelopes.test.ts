import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { findNestedViews } from "../../src/body/nested-view.js";
import { readBody } from "../../src/body/read-body.js";
import { LIMITS, NOW, packageRoot, shippedInspector } from "./fixture.js";

/**
 * What `@sentry/browser` posted from Chromium, version by version: a page of a single-page application that throws, rejects, parses bad JSON,
 * captures an error with a cause, a message and a tag, and tells a member's number. Nobody's data is in it.
 */
const CAPTURED = readFileSync(join(packageRoot(), "test", "inspect", "sentry-envelopes.jsonl"), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => z.strictObject({ sdk: z.string(), query: z.string(), body: z.string() }).parse(JSON.parse(line)));

const inspector = shippedInspector({ findViews: findNestedViews });

function rulesIn(query: string, body: string): readonly string[] {
  const head = { contentType: "text/plain;charset=UTF-8", contentEncoding: undefined, readAs: "application/x-sentry-envelope" };
  const context = {
    schema: "sentry-envelope",
    querySchema: "sentry-query",
    path: "/api/1/envelope/",
    query,
    headers: [],
    namedHeaders: [],
    now: NOW,
  };
  return inspector.inspect(readBody(Buffer.from(body), head, LIMITS), context).findings.map(({ rule, pointer }) => `${rule} ${pointer}`);
}

test("each kind of envelope of each version of the client goes out", () => {
  assert.deepEqual(new Set(CAPTURED.map(({ sdk }) => sdk.split(".")[0])), new Set(["7", "8", "10"]));
  for (const { sdk, query, body } of CAPTURED) assert.deepEqual(rulesIn(query, body), [], `${sdk}: ${body.slice(0, 300)}`);
});

test("the same with an e-mail in any text that the client fills is refused", () => {
  const events = CAPTURED.filter(({ body }) => body.includes('"exception"'));
  assert.ok(events.length >= 9);
  for (const told of [
    [/"value":"[^"]*"/, '"value":"no task for dana@acme-hospital.org"'],
    [/"filename":"[^"]*"/, '"filename":"https://diffgram.example.org/u/dana@acme-hospital.org/app.js"'],
    [/"to":"[^"]*"/, '"to":"/project/dana@acme-hospital.org"'],
    [/"filename":"[^"]*"/, '"filename":"whitfield_mri.dcm"'],
  ] as const) {
    for (const { query, body } of events) {
      const dirty = body.replace(told[0], told[1]);
      assert.notEqual(dirty, body);
      assert.notDeepEqual(rulesIn(query, dirty), [], told[1]);
    }
  }
});
