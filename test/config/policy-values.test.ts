import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readValues } from "../../src/config/policy-values.js";
import { readYamlTree } from "../../src/config/yaml-tree.js";
import type { Fault } from "../../src/model/fault.js";

function read(text: string): { values: Record<string, readonly string[]>; faults: Fault[] } {
  const faults: Fault[] = [];
  return { values: readValues(readYamlTree({ path: "policy.yaml", text }, faults), faults), faults };
}

describe("readValues", () => {
  it("reads the operator's own names", () =>
    assert.deepEqual(read("kind: [nightly_sync]\npage_name: [labs]\n"), {
      values: { kind: ["nightly_sync"], page_name: ["labs"] },
      faults: [],
    }));
  it("refuses an enum that no schema opens, and a value with room for a sentence, each with its line", () => {
    const { faults } = read("kinds: [a]\nkind:\n  - a value with spaces\n");
    assert.deepEqual(
      faults.map((fault) => fault.where),
      ["policy.yaml:1:1", "policy.yaml:3:5"],
    );
  });
});
