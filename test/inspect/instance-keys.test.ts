import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../src/config/package-root.js";
import { loadRules } from "../../src/inspect/rule-file.js";
import { INSTANCE_KEYS } from "../../src/inspect/shapes/instance-list.js";
import type { Fault } from "../../src/model/fault.js";
import { textFinder } from "./fixture.js";

const path = join(packageRoot(), "rules", "annotation", "instance-list.yaml");
const faults: Fault[] = [];
const [rule] = loadRules([{ path, text: readFileSync(path, "utf8") }], faults);

test("the rule's pattern and the shape know the same keys of an annotation instance", () => {
  assert.deepEqual(faults, []);
  const pattern = rule?.patterns[0]?.pattern;
  assert.ok(pattern !== undefined);
  for (const key of INSTANCE_KEYS) assert.equal([...pattern.find(`${key}=1`)][0]?.groups[0], key);
  const named = /\(([a-z0-9_|]+)\)/.exec(pattern.source)?.[1]?.split("|") ?? [];
  assert.deepEqual(new Set(named), INSTANCE_KEYS);
});

test("different keys count, in any number of others and in any case, and one key counts once", () => {
  assert.ok(rule !== undefined);
  const found = textFinder([rule]);
  const value = (text: string): unknown => {
    const drafts = found(text);
    return drafts === "late" ? drafts : drafts.get(rule.id);
  };
  const many = "points=1 ".repeat(5_000);
  assert.equal(value(`${many} POINTS=2 x_min=1`), undefined);
  assert.match(String(value(`${many} x_min=1 ${many} Y_MIN=2`)), /Y_MIN/);
  assert.equal(value("nothing of the kind"), undefined);
});

test("a rule that counts different texts takes neither validator nor context", () => {
  const text = readFileSync(path, "utf8").replace("distinct: 3", "distinct: 3\nvalidator: opaque");
  const told: Fault[] = [];
  loadRules([{ path, text }], told);
  assert.equal(told.length, 1);
  assert.match(told[0]?.what ?? "", /without validator and context/);
});
