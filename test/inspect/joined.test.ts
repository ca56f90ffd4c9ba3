import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspectSent, shippedInspector } from "./fixture.js";

const inspector = shippedInspector();
const findingsIn = (body: unknown) => inspectSent(inspector, { body }).findings;

const ADDRESS = "dana.marker@acme-hospital.org";

const FOUND: readonly (readonly [rule: string, body: unknown])[] = [
  ["secret/named-value", ["mysqldump", "-u", "root", "-phunter22x", "diffgram"]],
  ["secret/named-value", { args: ["sshpass", "-p", "hunter22x", "ssh"] }],
  ["secret/named-value", { argv: ["--password", "Welcome01!"] }],
  ["secret/named-value", ["curl", "-u", "admin:hunter2hunter2"]],
  ["secret/named-value", "Command '['sshpass', '-p', 'hunter22x', 'ssh']' returned non-zero exit status 5"],
  ["pii/email", [...ADDRESS]],
  ["pii/email", ["dana.marker", "@", "acme-hospital.org"]],
  ["pii/email", ["dana.marker@", "acme-hospital.org"]],
  ["pii/email", { type: "Buffer", data: [...Buffer.from(ADDRESS)] }],
  ["pii/email", [null, ...ADDRESS]],
  ["pii/email", [...Buffer.from(ADDRESS), 0]],
  ["secret/named-value", ["mysql", "-P", 3306, "-phunter22x", ...Array<string>(5_000).fill("diffgram")]],
];

const HARMLESS: readonly unknown[] = [
  ["worker", "-v", "--queue", "default", "--concurrency", "4"],
  ["O", "K", "x"],
  [90, 91, 92, 93, 94, 95, 96, 97],
  ["a", "b", "c", "d", "e", "f", "queue", "export", "import"],
  ["@babel/core", "@types/node"],
  "Command '['git', '-C', '/app', 'fetch']' returned non-zero exit status 128",
];

describe("lists that are one text", () => {
  for (const [rule, body] of FOUND)
    it(`are read in one: ${JSON.stringify(body).slice(0, 80)}`, () => {
      const sent = typeof body === "string" ? { d: body } : body;
      assert.ok(findingsIn(sent).some((finding) => finding.rule === rule));
    });
  for (const body of HARMLESS)
    it(`pass: ${JSON.stringify(body).slice(0, 80)}`, () => assert.deepEqual(findingsIn(typeof body === "string" ? { d: body } : body), []));
  it("are found at the list, by the view of the whole", () => {
    const [found] = findingsIn({ context: { d: [...ADDRESS] } }).filter(({ rule }) => rule === "pii/email");
    assert.equal(found?.view, "body>joined");
    assert.match(found.pointer, /^\/[^/]+\/[^/]+$/);
  });
});
