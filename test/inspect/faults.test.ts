import assert from "node:assert/strict";
import { test } from "node:test";
import { compileInspector } from "../../src/inspect/inspector.js";
import { FaultsError } from "../../src/model/fault.js";
import { LIMITS, PSEUDONYMS, ruleSources, shippedInspector } from "./fixture.js";

test("every fault of every rule and schema file is told at once, with file, line and column", () => {
  const rules = [
    {
      path: "rules/pii/a.yaml",
      text: "id: pii/a\ntitle: Some rule\nwhy: A sentence that is long enough.\npatterns: ['(?=x)']\nvalidator: nothing\nexamples: {match: [a, b, c], pass: [a, b, c]}\n",
    },
    { path: "rules/pii/b.yaml", text: "id: pii/b\ntitel: Some rule\n" },
    { path: "rules/pii/c.yaml", text: "id: [\n" },
  ];
  const schemas = [
    {
      path: "rules/schemas/s.yaml",
      text: "type: object\nproperties:\n  a: { type: string, maxLenght: 3 }\n  b: { $ref: '#/$defs/none' }\n  c: {}\n",
    },
  ];
  assert.throws(
    () => compileInspector({ rules, schemas, limits: LIMITS, pseudonyms: PSEUDONYMS }),
    (error) => {
      assert.ok(error instanceof FaultsError);
      const places = error.faults.map((fault) => fault.where);
      for (const place of [
        "rules/pii/a.yaml:4:12",
        "rules/pii/a.yaml:5:12",
        "rules/schemas/s.yaml:3:6",
        "rules/schemas/s.yaml:4:14",
        "rules/schemas/s.yaml:5:6",
      ])
        assert.ok(places.includes(place), `${place} in ${places.join(" ")}`);
      assert.ok(places.some((place) => place.startsWith("rules/pii/c.yaml:")));
      assert.ok(error.faults.every((fault) => fault.mend !== ""));
      return true;
    },
  );
});

test("the shipped inspector holds one rule a file", () => {
  assert.equal(shippedInspector().ruleCount, ruleSources().length);
});
