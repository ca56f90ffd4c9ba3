import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Fault } from "../../src/model/fault.js";
import { loadRules } from "../../src/inspect/rule-file.js";

const text = readFileSync(join("rules", "pii", "email.yaml"), "utf8");

function load(path: string, content = text) {
  const faults: Fault[] = [];
  const [rule] = loadRules([{ path, text: content }], faults);
  return { rule, faults };
}

test("a rule that a reload finds as it was is not compiled again, and says where it stands now", () => {
  const before = load("/before/pii/email.yaml").rule;
  const after = load("/after/pii/email.yaml").rule;
  assert.ok(before !== undefined && after !== undefined);
  assert.equal(after.patterns, before.patterns);
  assert.deepEqual([before.path, after.path], ["/before/pii/email.yaml", "/after/pii/email.yaml"]);
});

test("a rule whose text has changed is compiled anew", () => {
  const before = load("/rules/pii/email.yaml").rule;
  const after = load("/rules/pii/email.yaml", text.replace(/^title: .*$/m, "title: Another title")).rule;
  assert.notEqual(after?.patterns, before?.patterns);
  assert.equal(after?.title, "Another title");
});

test("a text that was right in its own folder is still refused in another", () => {
  load("/rules/pii/email.yaml");
  const { rule, faults } = load("/rules/secret/email.yaml");
  assert.equal(rule, undefined);
  assert.match(faults[0]?.what ?? "", /stands in another file than its id says/);
});
