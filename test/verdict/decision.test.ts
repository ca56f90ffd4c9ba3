import assert from "node:assert/strict";
import { test } from "node:test";
import { MASK } from "../../src/model/finding.js";
import type { Action, Finding, RuleId } from "../../src/model/finding.js";
import type { CasePolicy, Destination, Opening, Policy, RuleAction } from "../../src/model/policy.js";
import { decide } from "../../src/verdict/decision.js";
import { matchDestination } from "../../src/verdict/destination-match.js";
import { explainVerdict } from "../../src/verdict/explanation.js";
import { compilePolicy, namesHost } from "../../src/verdict/policy-index.js";
import { matchRoute } from "../../src/verdict/route-match.js";

const NOW = 1_000_000;
const ENFORCE: Opening = { mode: "enforce" };
const monitor = (until: number): Opening => ({ mode: "monitor", until: new Date(until), reason: "r", author: "a" });
const report = (until: number): RuleAction => ({ action: "report", until: new Date(until), reason: "r", author: "a" });

function casePolicy(opening: Opening, actions: Record<RuleId, RuleAction> = {}, enabled = true): CasePolicy {
  return { name: "event-collection", enabled, state: enabled ? "on" : "limited", opening, consequence: "", actions };
}
function finding(rule: RuleId, action: Action = "block", more: Partial<Finding> = {}): Finding {
  return { rule, pointer: "/a", view: "body", range: [0, 1], action, mask: MASK, hmac: "", why: "", ...more };
}

type Row = readonly [sentence: string, policy: CasePolicy | undefined, findings: readonly Finding[], more: number, expected: string];
const open = casePolicy(monitor(NOW + 1));
const DECISIONS: readonly Row[] = [
  ["nothing found goes out", casePolicy(ENFORCE), [], 0, "allow"],
  ["an e-mail address is an unexpected transfer", casePolicy(ENFORCE), [finding("pii/email")], 0, "block unexpected-data-transfer"],
  ["unknown fields alone violate the schema", casePolicy(ENFORCE), [finding("schema/unknown-field")], 0, "block schema-violation"],
  [
    "schema and personal data together are a transfer",
    casePolicy(ENFORCE),
    [finding("schema/unknown-field"), finding("pii/email")],
    0,
    "block unexpected-data-transfer",
  ],
  [
    "what is unreadable says why",
    casePolicy(ENFORCE),
    [finding("pii/email"), finding("integrity/coding", "report", { reason: "coding-not-readable" })],
    0,
    "block coding-not-readable",
  ],
  [
    "another tenant has its own reason",
    casePolicy(ENFORCE),
    [finding("integrity/foreign-tenant"), finding("pii/email")],
    0,
    "block foreign-tenant",
  ],
  ["an override redacts", casePolicy(ENFORCE, { "pii/email": { action: "redact" } }), [finding("pii/email")], 0, "redact"],
  [
    "block beats redact",
    casePolicy(ENFORCE, { "pii/email": { action: "redact" } }),
    [finding("pii/email"), finding("blob/data-uri")],
    0,
    "block unexpected-data-transfer",
  ],
  ["a key can't be redacted", casePolicy(ENFORCE), [finding("pii/email", "redact", { view: "key" })], 0, "block unexpected-data-transfer"],
  ["a report in time lets out", casePolicy(ENFORCE, { "pii/email": report(NOW + 1) }), [finding("pii/email")], 0, "allow"],
  [
    "a report past its time blocks",
    casePolicy(ENFORCE, { "pii/email": report(NOW) }),
    [finding("pii/email", "redact")],
    0,
    "block unexpected-data-transfer",
  ],
  ["monitor lets findings out, unknown fields too", open, [finding("pii/email"), finding("schema/unknown-field")], 0, "allow"],
  ["monitor past its time enforces", casePolicy(monitor(NOW)), [finding("pii/email")], 0, "block unexpected-data-transfer"],
  ["monitor never lets a secret out", open, [finding("secret/key", "report")], 0, "block unexpected-data-transfer"],
  ["monitor never lets annotations out", open, [finding("annotation/geometry", "report")], 0, "block unexpected-data-transfer"],
  [
    "monitor never lets out what is unreadable",
    open,
    [finding("integrity/depth", "report", { reason: "body-not-readable" })],
    0,
    "block body-not-readable",
  ],
  [
    "no override lets a secret out",
    casePolicy(ENFORCE, { "secret/key": { action: "redact" } }),
    [finding("secret/key")],
    0,
    "block unexpected-data-transfer",
  ],
  ["findings past the limit block, monitored or not", open, [finding("pii/email")], 1, "block unexpected-data-transfer"],
  ["an operator's own destination follows the rules' own actions", undefined, [finding("pii/email", "redact")], 0, "redact"],
];
for (const [sentence, policy, findings, moreFindings, expected] of DECISIONS) {
  test(`decision: ${sentence}`, () => {
    const verdict = decide({ caseName: policy?.name ?? "operator", casePolicy: policy, findings, moreFindings, now: NOW });
    assert.equal(verdict.kind === "block" ? `block ${verdict.reason}` : verdict.kind, expected);
    assert.match(explainVerdict(verdict), /^[A-Z].*\.$/);
  });
}

function destination(name: string, caseName: Destination["caseName"], host: string): Destination {
  const routes = [
    { methods: ["POST"], path: "/new", contentTypes: ["application/json"], schema: "s", querySchema: undefined },
    { methods: ["GET"], path: "/js", contentTypes: [], schema: undefined, querySchema: "q" },
  ];
  return { name, caseName, host, port: 443, scheme: "https", routes, headers: [], connect: undefined };
}
const hub = destination("hub", "event-collection", "hub.example");
const POLICY = {
  digest: "",
  destinations: [hub, destination("off", "support", "off.example")],
  cases: {
    "event-collection": casePolicy(ENFORCE),
    support: casePolicy(ENFORCE, {}, false),
    licensing: casePolicy(ENFORCE),
    "js-error-collection": casePolicy(ENFORCE),
  },
  limits: { bodyBytes: 1, depth: 1, codings: 1, ratio: 1, nodes: 1, headerBytes: 1, findings: 1, inspectionMs: 1, stringLength: 1 },
  values: {},
} satisfies Policy;

const TARGETS: readonly (readonly [sentence: string, scheme: "http" | "https", host: string, port: number, expected: string])[] = [
  ["a named host and port", "https", "hub.example", 443, "ok"],
  ["an unnamed host", "https", "evil.example", 443, "destination-not-allowed"],
  ["a name on Object's prototype", "https", "constructor", 443, "destination-not-allowed"],
  ["another port", "https", "hub.example", 8443, "port-not-allowed"],
  ["clear text on its own port", "http", "hub.example", 80, "scheme-not-allowed"],
  ["clear text on the TLS port", "http", "hub.example", 443, "scheme-not-allowed"],
  ["a case that is off", "https", "off.example", 443, "case-limited"],
];
for (const [sentence, scheme, host, port, expected] of TARGETS) {
  test(`destination: ${sentence}`, () => {
    const match = matchDestination(compilePolicy(POLICY), { scheme, host, port, ip: undefined });
    assert.equal(match.ok ? "ok" : match.reason, expected);
  });
}

const ROUTES: readonly (readonly [
  sentence: string,
  method: string,
  path: string,
  hasQuery: boolean,
  type: string | undefined,
  expected: string,
])[] = [
  ["all four fit", "POST", "/new", false, "application/json", "ok"],
  ["another path", "POST", "/new/", false, "application/json", "path-not-allowed"],
  ["another method", "PUT", "/new", false, "application/json", "method-not-allowed"],
  ["a query where none is named", "POST", "/new", true, "application/json", "query-not-allowed"],
  ["another content type", "POST", "/new", false, "text/plain", "content-type-not-allowed"],
  ["a body without a type", "POST", "/new", false, "", "content-type-not-allowed"],
  ["a body where none may be", "GET", "/js", true, "application/json", "content-type-not-allowed"],
  ["a query where one is named", "GET", "/js", true, undefined, "ok"],
];
for (const [sentence, method, path, hasQuery, contentType, expected] of ROUTES) {
  test(`route: ${sentence}`, () => {
    const match = matchRoute(hub, { method, path, hasQuery, contentType });
    assert.equal(match.ok ? "ok" : match.reason, expected);
  });
}

test("a host of a case that is off is still named, so its refusal is told inside TLS", () => {
  const index = compilePolicy(POLICY);
  assert.deepEqual([namesHost(index, "off.example"), namesHost(index, "evil.example")], [true, false]);
});
