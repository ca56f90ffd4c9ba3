import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspectSent, shippedInspector } from "./fixture.js";

const inspector = shippedInspector();
const rulesIn = (body: unknown): readonly string[] => inspectSent(inspector, { body }).findings.map(({ rule }) => rule);

/** A value that another member names, or a name further up, or its own with more behind it. */
const NAMED: readonly (readonly [rule: string, body: unknown])[] = [
  ["pii/person-field", { field: "first_name", value: "Ottilie" }],
  ["pii/person-field", { errors: [{ loc: ["body", "first_name"], input: "Ottilie", msg: "too short" }] }],
  ["pii/person-field", [{ name: "company", old: "Acme", new: "Acme Hospital" }]],
  ["pii/national-id", { name: "bsn", value: "111222333" }],
  ["pii/national-id", { name: "bsn", value: 111222333 }],
  ["pii/date-of-birth", { key: "date_of_birth", value: "1984-03-02" }],
  ["pii/phone", { telecom: [{ system: "phone", value: "020 7946 0958" }] }],
  ["pii/phone", { phones: [{ type: "home", number: "020 7946 0958" }] }],
  ["pii/phone", { contact: { phone: { number: "0612345678" } } }],
  ["pii/national-id", { bsn: { value: "111222333" } }],
  ["pii/person-field", { first_name: { value: "Ottilie" } }],
  ["pii/person-field", { city: { id: 3, name: "Rotterdam" } }],
  ["pii/date-of-birth", { dob: { year: 1984, month: 3, day: 2 } }],
  ["pii/person-field", { name: { first: "Ottilie", last: "Kvarnström" } }],
  ["pii/person-field", { family: "Chalmers", given: ["Peter"] }],
  ["pii/person-field", { traits: [["first_name", "Ottilie"]] }],
  ["pii/person-field", { columns: ["id", "first_name"], data: [[31, "Ottilie"]] }],
  ["pii/national-id", { columns: [{ name: "id" }, { name: "bsn" }], rows: [[31, 111222333]] }],
  ["pii/person-field", { first_name_2: "Ottilie" }],
  ["pii/person-field", { firstName2: "Ottilie" }],
  ["pii/person-field", { last_name_old: "Kvarnström" }],
  ["pii/person-field", { usernames: ["okvarnstrom"] }],
  ["pii/bank-account", { tilinumero: 12345678 }],
];

const HARMLESS: readonly unknown[] = [
  { missing: ["first_name", "last_name"] },
  { fields: [["first_name", "last_name"]] },
  { field: "first_name", message: "required", value: null },
  { field: "email", value: "missing" },
  { name: "city", dtype: "object", count: 3 },
  { columns: ["first_name", "count"], dtypes: ["object", "int64"], rows: 31 },
  { type: "email", content: "Your export is ready", data: "queued" },
  { mobile: { name: "Pixel 9" } },
  { first: "2026-11-20", last: "2026-11-21" },
  { first: "Import", last: "Export" },
  { page: { first: "Overview", last: "Settings" } },
  { key: "task_id", value: 111222333 },
  { buckets: ["0.5", "1", "2.5"] },
  { first_name: { type: "string", title: "First name", maxLength: 64 } },
  { file_id: { value: 4111111111111111 } },
];

describe("values that stand under another name than their own", () => {
  for (const [rule, body] of NAMED) it(`${rule}: ${JSON.stringify(body)}`, () => assert.ok(rulesIn(body).includes(rule)));
  for (const body of HARMLESS) it(`passes: ${JSON.stringify(body)}`, () => assert.deepEqual(rulesIn(body), []));
});

describe("numbers in JSON", () => {
  const rulesOf = (text: string): readonly string[] => inspectSent(inspector, { body: text }).findings.map(({ rule }) => rule);
  for (const [rule, text] of [
    ["pii/payment-card", '{"v": 4111111111111111.0}'],
    ["pii/payment-card", '{"v": 4.111111111111111e15}'],
    ["pii/national-id", '{"bsn": 111222333.0}'],
    ["pii/imei", '{"imei": 49015420323751800e-2}'],
  ] as const)
    it(`are whole in any spelling: ${text}`, () => assert.ok(rulesOf(text).includes(rule)));
});
