import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { findNestedViews } from "../../src/body/nested-view.js";
import { inspectSent, LIMITS, shippedInspector } from "./fixture.js";

const inspector = shippedInspector();

test("no JSON value crashes the inspection or goes out under the event hub's schema", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (body) => {
      const { findings } = inspectSent(inspector, { schema: "event-hub", body });
      assert.ok(findings.length > 0);
    }),
    { numRuns: 400 },
  );
});

test("no string crashes any rule, whatever field it stands in", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), fc.string({ maxLength: 40 }), (text, key) => {
      inspectSent(inspector, {
        schema: "event-hub",
        body: { kind: "user_visit", event_type: "user", description: text, error_log: { [key]: [text] } },
      });
    }),
    { numRuns: 400 },
  );
});

test("a planted e-mail address is found wherever it stands in a free field", () => {
  const word = fc.stringMatching(/^[a-z]{1,8}$/);
  const nest = fc.letrec((tie) => ({
    leaf: fc.constant("please ask dana.whitfield@acme-hospital.org today"),
    list: fc.tuple(tie("node")).map((items) => items),
    object: fc.tuple(word, tie("node")).map(([key, value]) => ({ [key]: value })),
    node: fc.oneof({ maxDepth: 6 }, tie("leaf"), tie("list"), tie("object")),
  })).node;
  fc.assert(
    fc.property(nest, (planted) => {
      const { findings } = inspectSent(inspector, {
        schema: "event-hub",
        body: { kind: "user_visit", event_type: "user", error_log: { info: planted } },
      });
      assert.ok(findings.some((finding) => finding.rule === "pii/email"));
    }),
    { numRuns: 200 },
  );
});

test("numbers of ids, times and digests are left alone", () => {
  const digits = fc.bigInt({ min: 100_000_000n, max: 9_999_999_999_999n }).map(String);
  fc.assert(
    fc.property(digits, fc.uuid(), fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 }), (id, uuid, time) => {
      const log = { info: { file: `file ${id} of task ${uuid}`, at: time, sha: uuid.replaceAll("-", "") } };
      assert.deepEqual(
        inspectSent(inspector, { schema: "event-hub", body: { kind: "user_visit", event_type: "user", error_log: log } }).findings,
        [],
      );
    }),
    { numRuns: 400 },
  );
});

test("what may be decoded grows with the bodies that the policy takes", () => {
  const coded = Array.from({ length: 7_000 }, (_, index) => Buffer.from(JSON.stringify({ step: index })).toString("base64"));
  const rulesFor = (bodyBytes: number): string[] => {
    const larger = shippedInspector({ findViews: findNestedViews, limits: { ...LIMITS, bodyBytes } });
    return inspectSent(larger, { body: coded }).findings.map((finding) => finding.rule);
  };
  assert.ok(rulesFor(1 << 20).includes("integrity/view-budget"));
  assert.ok(!rulesFor(4 << 20).includes("integrity/view-budget"));
});
