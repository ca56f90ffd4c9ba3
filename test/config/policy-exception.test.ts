import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { packageRoot } from "../../src/config/package-root.js";
import { loadPolicy } from "../../src/config/policy.js";
import { proposeException } from "../../src/config/policy-exception.js";
import { readRulesDir, schemaNamesOf } from "../../src/config/rules-directory.js";
import { unifiedDiff } from "../../src/config/unified-diff.js";
import { ruleIdsOf } from "../../src/inspect/rule-ids.js";
import type { Finding } from "../../src/model/finding.js";
import type { DeskRecord } from "../../src/model/record-desk.js";
import { newRecord } from "../../src/record/projection.js";
import { recordView } from "../../src/record/record-view.js";
import { finding, transfer } from "../record/sample.js";

const NOW = Date.UTC(2026, 10, 24, 12);
const dismissal = { author: "kim", reason: 'No person: "support@ours".\n  Ticket: 12 # it\'s ours', now: NOW };

const found = (rule: Finding["rule"], pointer = "/batch/0/properties/note"): Finding => ({ ...finding, rule, pointer });

function record(findings: readonly Finding[], over: Parameters<typeof transfer>[0] = {}): DeskRecord {
  return recordView(newRecord(transfer({ id: "0192", findings, ...over }), "one"));
}

/** A copy of the shipped rules, that a diff can be applied to. */
function rulesIn(context: TestContext, policy: (text: string) => string = (text) => text): string {
  const dir = mkdtempSync(join(tmpdir(), "egress-rules-"));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  cpSync(join(packageRoot(), "rules"), join(dir, "rules"), { recursive: true });
  const file = join(dir, "rules", "policy.yaml");
  writeFileSync(file, policy(readFileSync(file, "utf8")));
  return dir;
}

/** Proposes in the folder, applies the diff with git, and reads the policy that comes of it. */
function applied(dir: string, of: DeskRecord, overlays: readonly string[] = []) {
  const read = () => readRulesDir(join(dir, "rules"), overlays);
  const { diff, notes } = proposeException(read(), of, dismissal);
  if (diff !== "") execFileSync("git", ["apply", "--whitespace=error-all", "-"], { cwd: join(dir, "rules"), input: diff });
  const files = read();
  const context = { now: NOW, connectTo: [], schemaNames: schemaNamesOf(files), ruleIds: ruleIdsOf(files.rules) };
  return { diff, notes, policy: loadPolicy(files, context).policy };
}

test("the diff of a dismissal applies, and what comes of it is a policy that opens these rules for 30 days, with reason and author", (context) => {
  const { policy, notes, diff } = applied(rulesIn(context), record([found("pii/email"), found("pii/phone"), found("pii/email", "/x")]));
  assert.deepEqual(Object.keys(policy.cases["event-collection"].actions), ["pii/email", "pii/phone"]);
  const action = policy.cases["event-collection"].actions["pii/email"];
  assert.deepEqual(action, {
    action: "report",
    until: new Date("2026-12-24T00:00:00Z"),
    reason: `No person: "support@ours". Ticket: 12 # it's ours (record 0192)`,
    author: "kim",
  });
  assert.equal(notes.length, 2);
  assert.match(notes[0] ?? "", /not only at \/batch\/0\/properties\/note/);
  assert.match(diff, /^--- a\/policy\.yaml\n\+\+\+ b\/policy\.yaml\n@@ /);
  assert.doesNotMatch(diff, /^-(?!--)/m, "nothing of what a person wrote is taken out");
});

test("actions that are there already are kept, and the rule's own is replaced in all its lines", (context) => {
  const dir = rulesIn(context, (text) =>
    text.replace(
      "    mode: enforce\n    destinations:\n      # Outbound requests, 1.",
      "    mode: enforce\n    actions:\n      # ours\n      pii/email:\n        action: redact\n\n      pii/phone: block\n    destinations:\n      # Outbound requests, 1.",
    ),
  );
  const { policy, diff } = applied(dir, record([found("pii/email"), found("pii/iban")]));
  const { actions } = policy.cases["event-collection"];
  assert.deepEqual(
    [actions["pii/email"]?.action, actions["pii/iban"]?.action, actions["pii/phone"]?.action],
    ["report", "report", "block"],
  );
  assert.match(diff, /^ {7}# ours$/m);
  assert.equal(diff.split("\n").filter((line) => line.startsWith("-") && !line.startsWith("---")).length, 2);
});

test("where an overlay has the last word on a rule, the overlay is what changes", (context) => {
  const { policy, diff } = applied(rulesIn(context), record([found("pii/email"), found("pii/phone")]), ["keep-sla"]);
  const { actions } = policy.cases["event-collection"];
  assert.deepEqual([actions["pii/email"]?.action, actions["pii/phone"]?.action], ["report", "report"]);
  assert.deepEqual(
    [...diff.matchAll(/^\+\+\+ (.*)$/gm)].map(([, path]) => path),
    ["b/policy.yaml", "b/overlays/keep-sla.yaml"],
  );
});

test("what no policy opens is said, and no diff pretends to", (context) => {
  const dir = rulesIn(context);
  for (const [of, note] of [
    [record([found("secret/jwt")]), /secret\/jwt blocks whatever the policy opens/],
    [record([found("annotation/geometry")]), /annotation\/geometry blocks whatever/],
    [record([found("integrity/duplicate-key", "")]), /can't be read/],
    [record([found("schema/not-in-enum", "/kind")]), /values\.kind/],
    [record([], { reason: "destination-not-allowed", caseName: "none" }), /a host that no policy names/],
    [record([found("pii/email")], { caseName: "operator" }), /a destination of your own/],
  ] as const) {
    const { diff, notes } = applied(dir, of);
    assert.equal(diff, "");
    assert.match(notes.join("\n"), note);
  }
  const mixed = applied(dir, record([found("secret/jwt"), found("pii/email")]));
  assert.match(mixed.diff, /pii\/email/);
  assert.doesNotMatch(mixed.diff, /secret/);
});

test("a policy that is written on one line gets no diff, and says that it has to be opened by hand", (context) => {
  const dir = rulesIn(context, (text) =>
    text.replace(
      "    mode: enforce\n    destinations:\n      # Outbound requests, 1.",
      "    mode: enforce\n    actions: { pii/phone: redact }\n    destinations:\n      # Outbound requests, 1.",
    ),
  );
  const { diff, notes } = applied(dir, record([found("pii/email")]));
  assert.equal(diff, "");
  assert.match(notes.join("\n"), /by hand/);
});

test("edits far apart are hunks of their own, near ones share one, and a last line without an end stays so", () => {
  const text = Array.from({ length: 30 }, (_, n) => `line ${n + 1}`).join("\n");
  const diff = unifiedDiff("/x/policy.yaml", text, [
    { at: 2, remove: 1, insert: ["two", "three"] },
    { at: 6, remove: 0, insert: ["new"] },
    { at: 29, remove: 1, insert: ["last"] },
  ]);
  assert.deepEqual(
    [...diff.matchAll(/^@@.*@@$/gm)].map(([hunk]) => hunk),
    ["@@ -1,9 +1,11 @@", "@@ -27,4 +29,4 @@"],
  );
  assert.match(diff, /^--- a\/x\/policy\.yaml$/m);
  assert.match(diff, /\+last\n\\ No newline at end of file\n$/);
});
