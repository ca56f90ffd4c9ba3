import assert from "node:assert/strict";
import { scryptSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { readCredentialLine, writeCredentialLine } from "../../src/listen/credential-line.js";
import { basicAuthentication } from "../../src/listen/credentials.js";
import type { Authenticate } from "../../src/listen/authentication.js";
import { FaultsError } from "../../src/model/fault.js";
import { isRefusal } from "../../src/model/refusal.js";

/* Who a client is by its Basic credentials, without a socket. */

const folder = mkdtempSync(join(tmpdir(), "egress-credentials-"));
let line = "";
/** The same at a sixteenth of the cost, for tests of many. */
const cheapLine = `walrus:scrypt:1024:8:1:${Buffer.alloc(16, 7).toString("base64")}:${scryptSync("correct horse", Buffer.alloc(16, 7), 32, { N: 1_024, r: 8, p: 1 }).toString("base64")}`;
let ask: (field: string | undefined, address?: string) => Promise<string>;

before(async () => {
  line = (await writeCredentialLine("walrus", "correct horse")) ?? "";
  ask = asking(basicAuthentication(file("good", `# the labellers' queue\n\n${line}\r\n`)));
});
after(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function asking(authenticate: Authenticate): typeof ask {
  return async (field, address = "10.0.0.1") => {
    const outcome = await authenticate(field === undefined ? [] : [["Proxy-Authorization", field]], {
      address,
      port: 1,
      identity: undefined,
    });
    return isRefusal(outcome) ? outcome.refused : (outcome.identity ?? "nobody");
  };
}

const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString("base64")}`;

test("the right password says who it is, the first time and from memory", async () => {
  assert.equal(await ask(basic("walrus:correct horse")), "walrus");
  assert.equal(await ask(basic("walrus:correct horse")), "walrus");
});

for (const [sentence, field] of [
  ["a wrong password", basic("walrus:battery staple")],
  ["a right password with more behind it", basic("walrus:correct horse!")],
  ["a name that nobody has", basic("seal:correct horse")],
  ["no name", basic(":correct horse")],
  ["no colon", basic("walrus")],
  ["another scheme", "Bearer abcdefgh"],
  ["no field", undefined],
] as const) {
  test(`${sentence} is asked again`, async () => assert.equal(await ask(field), "proxy-authentication-required"));
}

test("a client that guesses waits behind itself, and no other client behind more than a few of its guesses", async () => {
  const fresh = asking(basicAuthentication(file("guessed", line)));
  let guessed = 0;
  const guesses = Array.from({ length: 20 }, async (_, n) => {
    const outcome = await fresh(basic(`walrus:guess ${n}`), "10.0.0.66");
    guessed += outcome === "quota-exceeded" ? 0 : 1;
    return outcome;
  });
  assert.equal(await fresh(basic("walrus:correct horse"), "10.0.0.1"), "walrus");
  assert.ok(guessed <= 4, `${guessed} guesses came before it`);
  const outcomes = await Promise.all(guesses);
  // Two are checked at once and eight wait.
  assert.equal(outcomes.filter((outcome) => outcome === "proxy-authentication-required").length, 10);
  assert.equal(outcomes.filter((outcome) => outcome === "quota-exceeded").length, 10);
  assert.equal(await fresh(basic("walrus:one more"), "10.0.0.66"), "proxy-authentication-required", "they have ended");
});

test("of as many guessers as may wait, each has its turn; one more is put off, and whoever has proved it passes", async () => {
  const fresh = asking(basicAuthentication(file("guessers", cheapLine)));
  assert.equal(await fresh(basic("walrus:correct horse")), "walrus");
  const guesses = Array.from({ length: 300 }, (_, n) => fresh(basic(`walrus:guess ${n}`), `10.1.${n >> 8}.${n & 255}`));
  assert.equal(await fresh(basic("walrus:correct horse")), "walrus");
  const outcomes = await Promise.all(guesses);
  assert.equal(outcomes.filter((outcome) => outcome === "quota-exceeded").length, 300 - 256 - 2);
  assert.equal(outcomes.filter((outcome) => outcome === "proxy-authentication-required").length, 258);
});

test("connections that a client opens together show the same, which is checked once", async () => {
  const fresh = asking(basicAuthentication(file("together", line)));
  const outcomes = await Promise.all(Array.from({ length: 40 }, () => fresh(basic("walrus:correct horse"))));
  assert.deepEqual(new Set(outcomes), new Set(["walrus"]));
  const wrong = await Promise.all(Array.from({ length: 40 }, () => fresh(basic("walrus:wrong"))));
  assert.deepEqual(new Set(wrong), new Set(["proxy-authentication-required"]));
});

test("every line that is no credential, or a name's second, is named; so is a file that can't be read", () => {
  const faultsOf = (path: string): readonly string[] => {
    try {
      basicAuthentication(path);
      return [];
    } catch (error) {
      assert.ok(error instanceof FaultsError);
      return error.faults.map(({ where, what }) => `${where.replace(/^.*:(?=\d+$)/, "")} ${what}`);
    }
  };
  assert.deepEqual(faultsOf(file("bad", `${line}\nwalrus:secret\n#\n${line}\n`)), [
    "2 The line is no credential.",
    "4 The name stands twice.",
  ]);
  assert.deepEqual(faultsOf(join(folder, "missing")), ["proxy_tls.credentials The file of credentials can't be read."]);
});

test("a line's cost is a power of two between 2^10 and 2^20, and its r and p are one at least", () => {
  const withCost = (N: number | string, r: number, p: number): string => line.replace(/scrypt:\d+:\d+:\d+/, `scrypt:${N}:${r}:${p}`);
  for (const [N, r, p, is] of [
    [16_384, 8, 1, true],
    [1_024, 8, 1, true],
    [1_048_576, 1, 1, true],
    [512, 8, 1, false],
    [1_023, 8, 1, false],
    [2_097_152, 1, 1, false],
    [3_000, 8, 1, false],
    [16_384, 0, 1, false],
    [16_384, 8, 0, false],
  ] as const) {
    assert.equal(readCredentialLine(withCost(N, r, p)) !== undefined, is, `${N}:${r}:${p}`);
  }
  assert.equal(readCredentialLine("walrus:scrypt"), undefined);
});

test("a name that Basic can't carry gets no line", async () => {
  for (const name of ["", "a:b", "a b", "ä", "x".repeat(129)]) assert.equal(await writeCredentialLine(name, "p"), undefined, name);
});
