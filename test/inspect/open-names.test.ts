import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspectSent, shippedInspector } from "./fixture.js";

const shipped = shippedInspector();
const beacon = (query: string): readonly string[] =>
  inspectSent(shipped, { querySchema: "ga-collect", query: `v=2&tid=G-ABC123&${query}` }).findings.map(({ rule }) => rule);

describe("a name that the schema lets the sender choose", () => {
  for (const [rule, query] of [
    ["pii/payment-card", "epn.x=4111111111111111"],
    ["pii/national-id", "epn.bsn=111222333"],
    ["pii/gps-position", "epn.lat=51.92251"],
    ["pii/phone", "epn.phone=31612345678"],
  ] as const)
    it(`${rule}: ${query}`, () => assert.ok(beacon(query).includes(rule)));
  it("holds counts and durations all the same", () =>
    assert.deepEqual(beacon("epn.value=3&epn.duration_ms=1700000000000&epn.ratio=0.51"), []));

  const inspector = shippedInspector({
    schemas: [
      {
        path: "rules/schemas/own.yaml",
        text: `type: object
properties:
  by_name: { type: object, patternProperties: { "[a-z0-9.@-]{1,80}": { type: boolean } } }
  item:
    type: [object, string, array]
    x-discriminator: { property: kind, mapping: { a: { type: object, properties: { kind: { const: a } } } } }
`,
      },
    ],
  });
  const rulesIn = (body: unknown): readonly string[] => inspectSent(inspector, { schema: "own", body }).findings.map(({ rule }) => rule);

  it("is searched itself", () => {
    assert.deepEqual(rulesIn({ by_name: { "dana.marker@acme-hospital.org": true } }), ["pii/email"]);
    assert.deepEqual(rulesIn({ by_name: { worker: true } }), []);
  });
  it("and so is what stands in place of an object of several kinds", () => {
    assert.deepEqual(rulesIn({ item: "dana.marker@acme-hospital.org" }), ["pii/email"]);
    assert.deepEqual(rulesIn({ item: ["dana.marker@acme-hospital.org"] }), ["pii/email"]);
    assert.deepEqual(rulesIn({ item: { kind: "a" } }), []);
  });
  it("a chart's value has no more digits than a count", () => {
    const chart = (value: number) =>
      inspectSent(shipped, { schema: "event-hub", body: { kind: "report_run", event_type: "user", report_data: { values: [value] } } })
        .findings;
    assert.ok(chart(4111111111111111).some(({ rule }) => rule === "schema/out-of-bounds"));
    assert.deepEqual(chart(86_400_000), []);
  });
});
