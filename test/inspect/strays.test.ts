import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspectSent, shippedInspector } from "./fixture.js";

const inspector = shippedInspector();
const rulesIn = (body: unknown): readonly string[] => inspectSent(inspector, { body }).findings.map(({ rule }) => rule);
const fractions = Array.from({ length: 40 }, (_, index) => (index + 1) / 7);

/** Annotations and arrays in which one item is no other's like, or which a table's writer spelt in its own way. */
const FOUND: readonly (readonly [rule: string, body: unknown])[] = [
  ["annotation/geometry", { polygon: [1, 2, 3, 4, 5, 6, null] }],
  ["annotation/geometry", { polygon: [[1, 2], [5, 6], null, [3, 4]] }],
  ["annotation/geometry", { bbox: ["12", "40", "100", "90"] }],
  [
    "annotation/geometry",
    {
      q: [
        ["1", "2"],
        ["5", "6"],
        ["3", "4"],
      ],
    },
  ],
  ["annotation/geometry", { boxes: [[12, 40, 100, 90, "car"]] }],
  ["annotation/geometry", { z: [[10, 10], [50, 12], [48, 60], [9, 55], "closed"] }],
  ["annotation/geometry", { q: [{ x: 1, y: 2 }, { x: 4, y: 9 }, { x: 2, y: 7 }, { end: true }] }],
  ["annotation/geometry", { x: { 0: 3, 1: 6, 2: 4 }, y: { 0: 2, 1: 4, 2: 6 } }],
  ["annotation/geojson", { type: "point", coordinates: [4.47, 51.92] }],
  ["annotation/token-span", { label: null, entity: "PERSON", start: 0, end: 4 }],
  ["annotation/token-span", { from: "x", start: 0, end: 4, label: "PER" }],
  ["annotation/token-span", { d: ["O", "B-PER", "I-PER", "O", null] }],
  ["annotation/label-names", { categories: ["melanoma", "nevus", "keratosis (benign)", "other"] }],
  ["annotation/label-names", { names: ["car", "truck", "bus", null] }],
  ["annotation/label-names", { d: { 1: "person", 2: "bicycle", 4: "truck", 5: "bus" } }],
  ["annotation/label-names", { d: { truck: 1, car: 0, bus: 2, van: 4, bike: 3 } }],
  ["blob/numeric-array", { d: [null, ...fractions] }],
  ["blob/numeric-array", { d: [...fractions, "end"] }],
  ["blob/numeric-array", { d: fractions.map(String) }],
  ["blob/numeric-array", { d: Object.fromEntries(fractions.map((value, index) => [index, value])) }],
  ["blob/numeric-array", { d: [...Array(300).keys(), "x"] }],
  ["blob/numeric-array", { d: [[1, 2, 3, 4], null, ...Array.from({ length: 8 }, () => [5, 6, 7, 8])] }],
];

const HARMLESS: readonly unknown[] = [
  { missing_ids: Array.from({ length: 300 }, (_, index) => `${9001 + index}`) },
  { codes: { 200: "OK", 404: "Not Found", 500: "Error" } },
  { counts: { ok: 3, failed: 0, retried: 1, skipped: 7, late: 2 } },
  {
    quantiles: [
      ["read", 1, 2, 3, 4],
      ["write", 2, 3, 4, 5],
    ],
  },
  { start: 1, end: 4, name: null },
  { values: [1.5, null, 2.5] },
];

describe("what one item of another kind hides", () => {
  for (const [rule, body] of FOUND)
    it(`nothing: ${rule} in ${JSON.stringify(body).slice(0, 80)}`, () => assert.ok(rulesIn(body).includes(rule)));
  for (const body of HARMLESS) it(`passes: ${JSON.stringify(body).slice(0, 80)}`, () => assert.deepEqual(rulesIn(body), []));
  it("is told of lists and maps of any length", () => {
    const many = Array.from({ length: 30_000 }, (_, index) => index);
    assert.ok(rulesIn(Object.fromEntries(many.map((index) => [index, "car"]))).includes("annotation/label-names"));
    assert.ok(rulesIn(Object.fromEntries(many.map((index) => [`c${index}`, (index * 7) % 9973]))).length === 0);
  });
});
