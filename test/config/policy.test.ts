import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../src/config/package-root.js";
import { loadPolicy } from "../../src/config/policy.js";
import { readRulesDir } from "../../src/config/rules-directory.js";
import { FaultsError } from "../../src/model/fault.js";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const SHIPPED = join(packageRoot(), "rules");
const OPTIONS = {
  now: NOW,
  connectTo: [],
  schemaNames: new Set([
    "event-hub",
    "segment-batch",
    "gtm",
    "gtag",
    "ga-collect",
    "ga-collect-lines",
    "support-install-info",
    "support-queue-status",
    "support-sign-in",
  ]),
  ruleIds: new Set(["pii/email", "pii/person-field", "secret/aws-key"]),
};

/** The shipped policy with pieces of its text replaced, in a folder of its own. */
function edited(...edits: readonly (readonly [from: string, to: string])[]): string {
  const dir = mkdtempSync(join(tmpdir(), "policy-"));
  cpSync(join(SHIPPED, "overlays"), join(dir, "overlays"), { recursive: true });
  let text = readFileSync(join(SHIPPED, "policy.yaml"), "utf8");
  for (const [from, to] of edits) {
    assert.ok(text.includes(from), `the shipped policy holds ${from}`);
    text = text.replace(from, to);
  }
  writeFileSync(join(dir, "policy.yaml"), text);
  return dir;
}

function faultsOf(dir: string): { line: string; what: string; mend: string }[] {
  const files = readRulesDir(dir);
  try {
    loadPolicy(files, OPTIONS);
  } catch (error) {
    assert.ok(error instanceof FaultsError, String(error));
    return error.faults.map(({ where, what, mend }) => {
      assert.match(where, /policy\.yaml:\d+:\d+$/);
      const line = files.policy.text.split("\n")[Number(where.split(":").at(-2)) - 1] ?? "";
      return { line: line.trim(), what, mend };
    });
  }
  return [];
}

test("the shipped policy loads, is frozen, and warns only of licensing without a host", () => {
  const { policy, warnings } = loadPolicy(readRulesDir(SHIPPED), OPTIONS);
  assert.equal(policy.cases.licensing.state, "unconfigured");
  assert.equal(policy.cases.support.state, "on");
  assert.deepEqual(
    policy.destinations.map(({ name }) => name),
    ["event-hub", "segment", "tag-manager", "analytics", "analytics-region1"],
  );
  assert.ok(Object.isFrozen(policy.destinations[0]?.routes[0]?.methods));
  assert.equal(warnings.length, 1);
  assert.match(policy.digest, /^[0-9a-f]{64}$/);
});

test("a policy with five faults reports all five, each at its line", () => {
  const dir = edited(
    ["host: app.diffgram.com", "host: App.Diffgram.com"],
    ["path: /v1/batch", "path: v1/batch"],
    ["schema: segment-batch", "schema: segment-bacth"],
    ["  licensing:\n", "  licensing:\n    enabled: false\n"],
    ["  body_bytes:", "  body_byts:"],
  );
  const faults = faultsOf(dir);
  assert.equal(faults.length, 5);
  const found = faults.map(({ line, mend }) => `${line} | ${mend}`).join("\n");
  assert.match(found, /host: App\.Diffgram\.com \| Write "app\.diffgram\.com"\./);
  assert.match(found, /path: v1\/batch \| Write "\/v1\/batch"\./);
  assert.match(found, /schema: segment-bacth \| Did you mean "segment-batch"\?/);
  assert.match(found, /enabled: false \| Remove enabled/);
  assert.match(found, /body_byts: .* \| Did you mean "body_bytes"\?/);
});

const MONITOR = "  event-collection:\n    enabled: true\n    mode: monitor\n";
const ENFORCED = "  event-collection:\n    enabled: true\n    mode: enforce\n";
const signed = (until: string): string => `${MONITOR}    until: ${until}\n    reason: rollout\n    author: ops\n`;

const REFUSED: readonly (readonly [sentence: string, from: string, to: string, what: RegExp])[] = [
  ["a key written twice", "version: 1", "version: 1\nversion: 1", /unique/],
  ["an alias", "version: 1", "version: &v 1\nlimits: {depth: *v}", /unique|Aliases/],
  ["a case that does not exist", "  support:", "  suport:", /no "suport"|not name support/],
  ["a wildcard host", "host: api.segment.io", 'host: "*.segment.io"', /canonical/],
  ["the same host and port twice", "host: api.segment.io", "host: app.diffgram.com", /named already/],
  ["the same name twice", "name: segment", "name: event-hub", /is taken/],
  ["a vendor's destination in clear text", "host: api.segment.io", "host: api.segment.io\n        scheme: http", /over TLS/],
  ["a hop-by-hop header", "headers: [authorization]", "headers: [proxy-authorization]", /never goes upstream/],
  ["a path with dot segments", "path: /v1/batch", "path: /v1/../batch", /dot segment/],
  ["a rule that does not exist", ENFORCED, `${ENFORCED}    actions: {pii/emial: redact}\n`, /does not exist/],
  ["report without its terms", ENFORCED, `${ENFORCED}    actions: {pii/email: report}\n`, /lacks until, reason, author/],
  ["monitor without its terms", ENFORCED, MONITOR, /lacks until, reason, author/],
  ["an opening over 30 days", ENFORCED, signed("2026-12-25"), /over 30 days/],
  ["a day that no calendar has", ENFORCED, signed("2026-11-31"), /no date/],
];
for (const [sentence, from, to, what] of REFUSED) {
  test(`refused: ${sentence}`, () => {
    const faults = faultsOf(edited([from, to]));
    assert.ok(
      faults.some((fault) => what.test(fault.what)),
      JSON.stringify(faults),
    );
  });
}

test("an opening in the past warns and does not keep the proxy from starting", () => {
  const { warnings } = loadPolicy(readRulesDir(edited([ENFORCED, signed("2026-11-01")])), OPTIONS);
  assert.ok(warnings.some(({ what }) => what.includes("its opening ended")));
});

test("switching off a limitable case voids the default SLA, and says so", () => {
  const { policy, warnings } = loadPolicy(readRulesDir(edited([ENFORCED, ENFORCED.replace("true", "false")])), OPTIONS);
  assert.equal(policy.cases["event-collection"].state, "limited");
  assert.ok(warnings.some(({ what }) => what.includes("voids the default SLA")));
});

test("the overlay keep-sla redacts, and changes the digest", () => {
  const plain = loadPolicy(readRulesDir(SHIPPED), OPTIONS).policy;
  const laid = loadPolicy(readRulesDir(SHIPPED, ["keep-sla"]), OPTIONS).policy;
  assert.deepEqual(laid.cases["event-collection"].actions["pii/email"], { action: "redact" });
  assert.notEqual(laid.digest, plain.digest);
  assert.equal(loadPolicy(readRulesDir(edited()), OPTIONS).policy.digest.length, 64);
});
