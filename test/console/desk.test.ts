import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Decrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { loadSettings } from "../../src/config/settings.js";
import { proposeException } from "../../src/config/policy-exception.js";
import { readRulesDir } from "../../src/config/rules-directory.js";
import { startConsole } from "../../src/console/server.js";
import type { ProposePort } from "../../src/model/console-ports.js";
import { openDeskBeside } from "../../src/record/desk-beside.js";
import { transfer } from "../record/sample.js";
import { Browser, type Desk, openDesk } from "./desk-fixture.js";

const settings = loadSettings({ env: {}, flags: [] });
const propose: ProposePort = (record, dismissal) => proposeException(readRulesDir(settings.rules), record, dismissal);

/** Seals a body to a recipient of the test's own, as the proxy would; gives what opens it. */
async function sealed(desk: Desk, record: string, text: string): Promise<string> {
  const identity = await generateX25519Identity();
  const writer = desk.store.newWriter([await identityToRecipient(identity)]);
  await writer.ask({ kind: "seal", record, exchange: `${record}-sent`, body: Buffer.from(text), at: Date.now() });
  await writer.ask({ kind: "evidence", now: Date.now() });
  await writer.stop();
  return identity;
}

test("a sealed body is told of to everyone, and handed to an admin alone, with a reason that trail and chain keep", async (context) => {
  const desk = await openDesk(context);
  await desk.store.write(transfer({ id: "one" }));
  await desk.store.write(transfer({ id: "two" }));
  const identity = await sealed(desk, "one", "the body");
  const [viewer, reviewer] = [await desk.signedIn("viewer"), await desk.signedIn("reviewer")];
  const path = "/transfers/one/evidence/one-sent";
  assert.match((await viewer.get("/transfers/one")).text, /8 bytes, sealed/);
  assert.doesNotMatch((await viewer.get("/transfers/two")).text, /Sealed evidence/);
  for (const browser of [viewer, reviewer]) {
    assert.doesNotMatch((await browser.get("/transfers/one")).text, /Take out/);
    assert.equal((await browser.post(path, { why: "Curious." })).status, 403);
  }
  const admin = desk.browser();
  await admin.signIn("admin", desk.console.firstPassword ?? "");
  assert.equal((await admin.post(path, { why: " " })).status, 400, "without a reason");
  assert.equal((await admin.form(path, { why: "No token." })).status, 403, "without the form's token");
  assert.equal((await admin.post("/transfers/two/evidence/one-sent", { why: "Of another." })).status, 404, "of another record");
  assert.equal((await admin.post("/transfers/one/evidence/..%2fone-sent", { why: "A path." })).status, 404);
  assert.equal((await desk.store.history("one")).filter(({ kind }) => kind === "access").length, 0);
  const answer = await admin.post(path, { why: "Ticket 12." });
  assert.deepEqual(
    [answer.status, answer.headers["content-disposition"], answer.headers["cache-control"]],
    [200, 'attachment; filename="one-sent.age"', "no-store"],
  );
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const token = desk.token("evidence:read");
  const api = await desk.browser().bytes("/api/v1/transfers/one/evidence/one-sent", JSON.stringify({ why: "Ticket 13." }), {
    authorization: `Bearer ${token}`,
    "content-type": "application/json",
  });
  assert.equal(Buffer.from(await decrypter.decrypt(api)).toString(), "the body");
  assert.deepEqual(
    (await desk.store.history("one")).filter(({ kind }) => kind === "access").map(({ detail }) => detail),
    [
      { by: "admin", why: "Ticket 12.", file: ["one-sent"] },
      { by: "token:test", why: "Ticket 13.", file: ["one-sent"] },
    ],
  );
  const trail = readFileSync(join(desk.dataDir, "console-audit.ndjson"), "utf8");
  assert.equal(trail.match(/took out sealed evidence","on":"one one-sent"/g)?.length, 2);
  const page = (await viewer.get("/transfers/one")).text;
  assert.match(page, /Sealed body taken out by admin/);
  assert.match(page, /Body sealed and kept: 8 bytes/);
  const read = `Bearer ${desk.token("transfers:read")}`;
  const { items } = JSON.parse((await desk.browser().get("/api/v1/transfers/one/evidence", { authorization: read })).text);
  assert.deepEqual([items.length, items[0].exchange, items[0].bytes], [1, "one-sent", 8]);
  const refused = await desk.browser().send("POST", "/api/v1/transfers/one/evidence/one-sent", '{"why":"because"}', {
    authorization: read,
    "content-type": "application/json",
  });
  assert.equal(refused.status, 403);
  assert.deepEqual((await desk.store.verify()).faults, []);
});

test("a dismissal proposes an exception as a diff, on its page and by the API; nothing else does, and nothing is applied", async (context) => {
  const desk = await openDesk(context, { ports: { propose } });
  for (const id of ["one", "two"]) await desk.store.write(transfer({ id }));
  const before = readFileSync(join(settings.rules, "policy.yaml"), "utf8");
  const reviewer = await desk.signedIn("reviewer");
  assert.doesNotMatch((await reviewer.get("/transfers/one")).text, /policy exception/i);
  assert.equal((await reviewer.get("/transfers/one/exception")).status, 409);
  await reviewer.post("/transfers/one/status", { status: "dismissed", from: "open", why: "Our own <b>mailbox</b>." });
  assert.match((await reviewer.get("/transfers/one")).text, /href="\/transfers\/one\/exception"/);
  const page = (await reviewer.get("/transfers/one/exception")).text;
  assert.match(page, /<span class="added">\+ {4}actions:<\/span>/);
  assert.match(page, /Our own &lt;b&gt;mailbox&lt;\/b&gt;\. \(record one\)/);
  assert.match(page, /the console changes no policy/);
  const diff = await reviewer.get("/transfers/one/exception.diff");
  assert.deepEqual(
    [diff.headers["content-disposition"], diff.text.startsWith("--- a/policy.yaml\n")],
    ['attachment; filename="exception-one.diff"', true],
  );
  assert.match(diff.text, /^\+ {8}author: "reviewer-1"$/m);
  const authorization = `Bearer ${desk.token("transfers:read")}`;
  const json = JSON.parse((await desk.browser().get("/api/v1/transfers/one/exception", { authorization })).text);
  assert.deepEqual([json.diff, json.notes.length], [diff.text, 1]);
  const text = await desk.browser().get("/api/v1/transfers/one/exception", { authorization, accept: "text/x-diff" });
  assert.equal(text.text, diff.text);
  assert.equal((await desk.browser().get("/api/v1/transfers/two/exception", { authorization })).status, 409);
  assert.equal((await desk.browser().get("/api/v1/transfers/none/exception", { authorization })).status, 404);
  assert.equal(readFileSync(join(settings.rules, "policy.yaml"), "utf8"), before);
});

test("a report sets a date, which is shown, counted once past, listed, moved by a reminder, and closed by the vendor's words", async (context) => {
  const desk = await openDesk(context);
  await desk.store.write(transfer({ id: "one", verdict: "allow", reason: undefined, transferred: true }));
  const reviewer = await desk.signedIn("reviewer");
  const step = (from: string, status: string, more: Readonly<Record<string, string>> = {}) =>
    reviewer.post("/transfers/one/status", { status, from, why: "Ticket 12.", ...more });
  await step("open", "confirmed");
  const day = (days: number): string => new Date(desk.clock.time + days * 86_400_000).toISOString().slice(0, 10);
  assert.equal((await step("confirmed", "reported", { due: "2026-02-31x" })).status, 400);
  assert.equal((await step("confirmed", "reported", { due: day(-2) })).status, 400, "a day that is gone");
  assert.equal((await step("confirmed", "dismissed", { due: day(2) })).status, 400, "a date where none belongs");
  assert.equal((await step("confirmed", "reported", { due: day(2) })).status, 303);
  assert.equal((await desk.store.get("one"))?.due, `${day(2)}T23:59:59.000Z`);
  assert.match((await reviewer.get("/transfers/one")).text, /The vendor&#39;s answer is due|The vendor's answer is due/);
  assert.match((await reviewer.get("/transfers/one/notice")).text, new RegExp(`What we ask, by ${day(2)}`));
  assert.match((await reviewer.get("/transfers?due=waiting")).text, /due in 3 days|due in 2 days/);
  assert.match((await reviewer.get("/transfers?due=overdue")).text, /No transfer matches/);
  assert.match((await reviewer.get("/")).text, /Waiting for the vendor/);
  desk.clock.time += 4 * 86_400_000;
  const later = await desk.signedIn("reviewer");
  assert.match((await later.get("/")).text, /<span class="count">1<\/span> <span>Overdue/);
  assert.match((await later.get("/transfers?due=overdue")).text, /class="mark overdue"/);
  assert.match((await later.get("/transfers/one")).text, /Remind again/);
  const remind = { status: "reported", from: "reported", why: "Called them.", due: day(5) };
  assert.equal((await later.post("/transfers/one/status", remind)).status, 303);
  assert.match((await later.get("/transfers?due=overdue")).text, /No transfer matches/);
  const words = "We deleted it on\n2026-11-30. <script>";
  const close = { status: "deleted", from: "reported", why: "Their letter.", confirmation: words };
  assert.equal((await later.post("/transfers/one/status", close)).status, 303);
  const page = (await later.get("/transfers/one")).text;
  assert.match(page, /We deleted it on\n2026-11-30\. &lt;script&gt;/);
  const authorization = `Bearer ${desk.token("transfers:read")}`;
  const { history } = JSON.parse((await desk.browser().get("/api/v1/transfers/one", { authorization })).text);
  assert.equal(history.at(-1).detail.confirmation, words);
});

test("material changes are accepted by a reviewer, on the page and by the API, and by no viewer", async (context) => {
  const accepted: unknown[] = [];
  const item = {
    case: "event-collection",
    destination: "segment",
    path: "/batch/*/event",
    type: "string",
    lengthClass: "1-8",
    count: 1,
    firstSeen: "2026-11-01T00:00:00.000Z",
    lastSeen: "2026-11-01T00:00:00.000Z",
    materialChange: true,
  } as const;
  const inventory = {
    list: () => Promise.resolve({ items: [item], next: undefined }),
    accept: ({ by, case: caseName }: { by: string; case?: string | undefined }) => {
      accepted.push([by, caseName]);
      return Promise.resolve(3);
    },
  };
  const desk = await openDesk(context, { ports: { inventory } });
  const [viewer, reviewer] = [await desk.signedIn("viewer"), await desk.signedIn("reviewer")];
  assert.doesNotMatch((await viewer.get("/inventory?changes=true")).text, /Accept all/);
  assert.equal((await viewer.post("/inventory/accept", {})).status, 403);
  assert.match((await reviewer.get("/inventory?changes=true")).text, /Accept all changes/);
  assert.equal((await reviewer.post("/inventory/accept", {})).status, 303);
  const post = (scope: "inventory:read" | "inventory:write", body: string) =>
    desk.browser().send("POST", "/api/v1/inventory/accept", body, {
      authorization: `Bearer ${desk.token(scope)}`,
      "content-type": "application/json",
    });
  assert.equal((await post("inventory:read", "{}")).status, 403);
  assert.deepEqual(JSON.parse((await post("inventory:write", '{"case":"event-collection"}')).text), { accepted: 3 });
  assert.equal((await post("inventory:write", '{"case":"x"}')).status, 400);
  assert.deepEqual(accepted, [
    ["reviewer-2", undefined],
    ["token:test", "event-collection"],
  ]);
});

test("the report is made on its page too; as HTML its own style is the one thing that its policy lets in", async (context) => {
  let desk: Desk | undefined;
  desk = await openDesk(context, {
    ports: { report: (period) => desk?.store.report(period) ?? Promise.reject(new Error("Too early.")) },
  });
  await desk.store.write(transfer({ id: "one", at: desk.clock.time - 1_000 }));
  const viewer = await desk.signedIn("viewer");
  assert.match((await viewer.get("/report")).text, /Make the report/);
  const made = await viewer.get("/report/made?since=30d&until=&format=html");
  assert.equal(made.status, 200, made.text);
  assert.match(made.text, /1 Unexpected Data Transfer \(1 occurrence\) of 1 cause: open 1\./);
  const policy = String(made.headers["content-security-policy"]);
  assert.match(policy, /^default-src 'none'; style-src 'sha256-[\w+/]{43}='; frame-ancestors 'none'/);
  const csv = await viewer.get("/report/made?since=30d&format=csv");
  assert.match(String(csv.headers["content-disposition"]), /data-transfer-report\.csv/);
  assert.match(csv.text, /^id,incident,/);
  assert.equal((await viewer.get("/report/made?since=1d&until=2d")).status, 400);
  assert.equal((await viewer.get("/report/made?since=x")).status, 400);
  assert.equal((await desk.browser().get("/report/made")).status, 303);
  assert.match(readFileSync(join(desk.dataDir, "console-audit.ndjson"), "utf8"), /made a report as html/);
});

test("who is signed in stays so over a restart and at a second console of the store, and is out at both at once", async (context) => {
  const desk = await openDesk(context);
  const reviewer = await desk.signedIn("reviewer");
  const beside = await openDeskBeside(desk.dataDir, undefined, desk.clock);
  context.after(() => beside.close());
  const second = (key: Uint8Array) =>
    startConsole(
      {
        listen: { host: "127.0.0.1", port: 0 },
        dataDir: desk.dataDir,
        tls: undefined,
        trustedProxies: [],
        publicUrl: undefined,
        oidc: undefined,
        localUsers: true,
      },
      { ...desk.ports, desk: beside, memory: beside.memory, key },
    );
  const other = await second(desk.ports.key);
  context.after(() => other.close());
  const elsewhere = new Browser(other.address.port);
  for (const [name, value] of reviewer.cookies) elsewhere.cookies.set(name, value);
  assert.equal((await elsewhere.get("/account")).status, 200);
  assert.equal(
    (await elsewhere.post("/account/password", { old: "x", new: "y", again: "y" })).status,
    403,
    "its form's token is good there",
  );
  const stranger = await second(Buffer.alloc(32, 9));
  context.after(() => stranger.close());
  const forged = new Browser(stranger.address.port);
  for (const [name, value] of reviewer.cookies) forged.cookies.set(name, value);
  assert.equal((await forged.get("/account")).status, 303, "a row that is not sealed with the installation's key signs nobody in");
  assert.equal((await reviewer.post("/sign-out", {})).status, 303);
  assert.equal((await elsewhere.get("/account")).status, 303);
});

test("while the store is away, who was seen before stays signed in, and nobody else gets in", async (context) => {
  let away = false;
  const gone = (): Promise<never> => Promise.reject(new Error("away"));
  const rows = new Map<string, string>();
  const desk = await openDesk(context, {
    ports: {
      memory: {
        get: (id) => (away ? gone() : Promise.resolve(rows.get(id))),
        put: (id, text) => (away ? gone() : Promise.resolve(void rows.set(id, text))),
        remove: (id) => (away ? gone() : Promise.resolve(void rows.delete(id))),
      },
    },
  });
  const viewer = await desk.signedIn("viewer");
  assert.equal((await viewer.get("/policy")).status, 200);
  away = true;
  assert.equal((await viewer.get("/policy")).status, 200);
  const newcomer = await desk.browser().signIn("admin", desk.console.firstPassword ?? "");
  assert.equal(newcomer.status, 503);
  const copy = desk.browser();
  copy.cookies.set("egress-session", "unseen");
  assert.equal((await copy.get("/policy")).status, 303);
  for (const text of rows.values()) assert.doesNotMatch(text, new RegExp(viewer.cookies.get("egress-session") ?? "none"));
});
