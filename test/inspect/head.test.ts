import assert from "node:assert/strict";
import { test } from "node:test";
import { findNestedViews } from "../../src/body/nested-view.js";
import { MASK } from "../../src/model/finding.js";
import type { InspectionContext, Inspector } from "../../src/model/inspection.js";
import { inspectSent, PSEUDONYMS, shippedInspector } from "./fixture.js";

const inspector = shippedInspector();
const BATCH = { batch: [{ type: "identify", messageId: "20ffad2c-b089-4829-9110-6a739ff5bd93", userId: "31" }] };

test("Segment's write key in its header pins the tenant and is no finding", () => {
  const { findings, pins } = inspectSent(inspector, {
    schema: "segment-batch",
    body: BATCH,
    headers: [["Authorization", "Basic d2tfbGl2ZV8wMTIzNDU2Nzg5Og=="]],
    namedHeaders: ["authorization"],
  });
  assert.deepEqual(findings, []);
  assert.deepEqual(pins, [{ name: "segment-write-key", hmac: PSEUDONYMS.hmac("wk_live_0123456789") }]);
});

test("an e-mail in an unlisted header is found, and the header's name is not shown", () => {
  const { findings } = inspectSent(inspector, { schema: "segment-batch", body: BATCH, headers: [["X-Dana", "dana@acme-hospital.org"]] });
  assert.deepEqual(
    findings.map((finding) => `${finding.rule} ${finding.pointer} ${finding.view}`),
    [`pii/email header:${PSEUDONYMS.short("x-dana")} header`],
  );
});

test("a batch sent again under another sentAt has the same identity, and another message another", () => {
  const identity = (body: unknown): string | undefined => inspectSent(inspector, { schema: "segment-batch", body }).identity;
  const first = identity({ ...BATCH, sentAt: "2026-11-24T16:15:46Z" });
  assert.equal(typeof first, "string");
  assert.equal(identity({ ...BATCH, sentAt: "2026-11-24T16:15:49Z" }), first);
  assert.notEqual(identity({ batch: [{ ...BATCH.batch[0], messageId: "20ffad2c-b089-4829-9110-6a739ff5bd94" }] }), first);
});

test("a beacon's query is held against its schema: a clean one passes, a user property and an e-mail don't", () => {
  const clean =
    "v=2&tid=G-ABC1234567&cid=123456.789012&en=page_view&dl=https%3A%2F%2Fdiffgram.acme.internal%2Fjob%2Flist&dt=Jobs&sr=1920x1080";
  assert.deepEqual(inspectSent(inspector, { querySchema: "ga-collect", query: clean }).findings, []);
  const rules = inspectSent(inspector, { querySchema: "ga-collect", query: `${clean}&up.role=x&ep.who=dana%40acme.org` }).findings.map(
    (finding) => `${finding.rule} ${finding.pointer}`,
  );
  assert.deepEqual(
    rules.sort(),
    [`pii/email query:${PSEUDONYMS.short("ep.who")}`, `schema/unknown-field query:${PSEUDONYMS.short("up.role")}`].sort(),
  );
});

test("nothing that an inspection returns holds any part of the value or of an unnamed key", () => {
  const secret = "dana.whitfield@acme-hospital.org";
  const inspection = inspectSent(inspector, {
    schema: "event-hub",
    body: { kind: "user_visit", event_type: "user", description: secret, [secret]: { [secret]: secret }, error_log: { whitfield: secret } },
  });
  assert.ok(inspection.findings.length >= 4);
  assert.ok(inspection.findings.every((finding) => finding.mask === MASK));
  assert.doesNotMatch(JSON.stringify(inspection), /dana|whitfield|acme/i);
});

test("a finding's range is the string's own in the body", () => {
  const body = '{"kind":"user_visit","event_type":"user","description":"é dana@acme.org"}';
  const [finding] = inspectSent(inspector, { schema: "event-hub", body }).findings;
  assert.deepEqual(
    finding?.range &&
      Buffer.from(body)
        .subarray(...finding.range)
        .toString(),
    '"é dana@acme.org"',
  );
});

test("an empty body where a message belongs, and a schema that does not exist, are refused", () => {
  assert.deepEqual(
    inspectSent(inspector, { schema: "event-hub" }).findings.map((finding) => finding.rule),
    ["schema/missing-field"],
  );
  const missing = inspectSent(inspector, { schema: "nowhere", body: {} }).findings;
  assert.deepEqual(
    missing.map((finding) => [finding.rule, finding.reason]),
    [["integrity/schema-missing", "inspection-failed"]],
  );
});

test("past the time budget the inspection says that it is late", () => {
  let now = 0;
  const slow = shippedInspector({ clock: () => (now += 100_000) });
  const findings = inspectSent(slow, { schema: "segment-batch", body: BATCH }).findings;
  assert.deepEqual(
    findings.map((finding) => [finding.rule, finding.reason]),
    [["integrity/deadline", "inspection-late"]],
  );
});

test("past the budget of findings each rule keeps its first, and the rest are counted", () => {
  const few = shippedInspector({
    limits: {
      bodyBytes: 1 << 20,
      depth: 64,
      codings: 2,
      ratio: 200,
      nodes: 200_000,
      headerBytes: 1 << 14,
      findings: 3,
      inspectionMs: 60_000,
      stringLength: 4096,
    },
  });
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`k${index}`, 1]));
  const { findings, moreFindings } = inspectSent(few, {
    schema: "event-hub",
    body: { kind: "user_visit", event_type: "user", ...many, description: "dana@acme.org" },
  });
  assert.equal(findings.length, 3);
  assert.equal(moreFindings, 48);
  assert.ok(findings.some((finding) => finding.rule === "pii/email"));
});

test("what a head was found clean of once is found again where it comes back otherwise: nothing dirty is remembered", () => {
  const remembering = shippedInspector({ findViews: findNestedViews });
  const heads: readonly InspectionContext["headers"][] = [
    [["User-Agent", "python-requests/2.34.2"]],
    [["User-Agent", "python-requests/2.34.2 (ines.moreau@harbour-clinic.example)"]],
    [
      ["User-Agent", "python-requests/2.34.2"],
      ["Accept-Language", "en"],
      ["X-Trace", Buffer.from("call ines.moreau@harbour-clinic.example").toString("base64")],
    ],
    [["Accept-Language", "ines.moreau@harbour-clinic.example"]],
    [["X-Trace", "en"]],
    [["User-Agent", "python-requests/2.34.2"]],
  ];
  const body = { kind: "user_visit", event_type: "user" };
  for (const headers of [...heads, ...heads, ...heads.toReversed()]) {
    const found = (inspector: Inspector) =>
      inspectSent(inspector, { schema: "event-hub", headers, body }).findings.map(({ rule, pointer, view }) => ({ rule, pointer, view }));
    assert.deepEqual(found(remembering), found(shippedInspector({ findViews: findNestedViews })));
  }
});
