import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { finding, transfer } from "../record/sample.js";
import { openDesk } from "./desk-fixture.js";

const SCRIPT = `"><script>alert(1)</script><img src=x onerror='alert(2)'>`;

test("markup in every field that traffic can fill is text on every page", async (context) => {
  const item = { path: SCRIPT, type: SCRIPT, lengthClass: SCRIPT, destination: SCRIPT, case: "none", count: 1 } as const;
  const times = { firstSeen: new Date().toISOString(), lastSeen: new Date().toISOString(), materialChange: true };
  let made: Awaited<ReturnType<typeof openDesk>> | undefined;
  const desk = await openDesk(context, {
    ports: {
      inventory: { list: () => Promise.resolve({ items: [{ ...item, ...times }], next: undefined }), accept: () => Promise.resolve(0) },
      propose: () => ({ diff: `--- a/${SCRIPT}\n+${SCRIPT}\n`, notes: [SCRIPT] }),
      report: (period) => made?.store.report(period) ?? Promise.reject(new Error("Too early.")),
    },
  });
  made = desk;
  const id = "0192-xss";
  await desk.store.write(
    transfer({
      id,
      client: SCRIPT,
      destination: SCRIPT,
      host: SCRIPT,
      method: SCRIPT,
      path: SCRIPT,
      eventKind: SCRIPT,
      findings: [{ ...finding, rule: `pii/${SCRIPT}`, pointer: `/${SCRIPT}`, view: SCRIPT, why: SCRIPT, mask: SCRIPT, hmac: SCRIPT }],
      identity: SCRIPT,
      bodyHmac: SCRIPT,
      policyDigest: SCRIPT,
      structure: JSON.stringify({ [SCRIPT]: SCRIPT, list: [SCRIPT] }),
    }),
  );
  const admin = desk.browser();
  await admin.signIn("admin", desk.console.firstPassword ?? "");
  await admin.post(`/transfers/${id}/status`, { status: "confirmed", from: "open", why: SCRIPT });
  await admin.post(`/transfers/${id}/status`, { status: "reported", from: "confirmed", why: SCRIPT });
  await admin.post(`/transfers/${id}/status`, { status: "deleted", from: "reported", why: SCRIPT, confirmation: SCRIPT });
  await desk.store.write(transfer({ id: "0192-dismissed", findings: [{ ...finding, pointer: `/${SCRIPT}` }] }));
  await admin.post("/transfers/0192-dismissed/status", { status: "dismissed", from: "open", why: SCRIPT });
  const incident = (await desk.store.get(id))?.incident ?? "";
  for (const path of [
    "/",
    "/incidents",
    "/incidents?open=false",
    "/transfers",
    `/transfers?text=${encodeURIComponent(SCRIPT)}`,
    `/transfers?incident=${incident}`,
    `/transfers/${id}`,
    `/transfers/${id}/notice`,
    "/transfers/0192-dismissed/exception",
    "/inventory",
    "/inventory?changes=true",
    "/report",
    "/report/made?format=html",
    "/access",
  ]) {
    const { status, text, headers } = await admin.get(path);
    assert.equal(status, 200, path);
    assert.ok(!/<script>|<img src=x|onerror='/.test(text), path);
    assert.match(
      String(headers["content-security-policy"]),
      path.startsWith("/report/made") ? /^default-src 'none'; style-src 'sha256-/ : /default-src 'none'.*script-src 'self'/,
    );
    assert.doesNotMatch(String(headers["content-security-policy"]), /unsafe/);
  }
  for (const [path, fields] of [
    ["/sign-in", { name: SCRIPT, password: SCRIPT, next: SCRIPT, form: SCRIPT }],
    ["/inspect", { to: SCRIPT, method: SCRIPT, type: SCRIPT, body: SCRIPT }],
    [
      "/inspect",
      { to: "https://api.segment.io/v1/batch", method: "POST", type: "application/json", body: JSON.stringify({ [SCRIPT]: SCRIPT }) },
    ],
    [`/transfers/${id}/status`, { status: SCRIPT, why: SCRIPT, from: SCRIPT }],
    ["/access/users", { name: SCRIPT, role: SCRIPT }],
    ["/transfers", { id: SCRIPT, status: "confirmed", why: SCRIPT, back: SCRIPT }],
  ] as const) {
    const { text } = await admin.post(path, fields);
    assert.ok(!/<script>|<img src=x|onerror='/.test(text), path);
  }
  for (const path of [`/transfers/${SCRIPT}`, `/transfers?rule=${SCRIPT}`, `/${SCRIPT}`, `/transfers?${SCRIPT}=1`]) {
    const { status, text } = await admin.get(encodeURI(path));
    assert.ok(status === 404 || status === 400, path);
    assert.ok(!/<script>|<img src=x/.test(text), path);
  }
});

test("pages load nothing from elsewhere, and no script or style of theirs is inline", async (context) => {
  const desk = await openDesk(context);
  await desk.store.write(transfer({ id: "one" }));
  const admin = desk.browser();
  const pages = [await admin.get("/sign-in")];
  await admin.signIn("admin", desk.console.firstPassword ?? "");
  for (const path of [
    "/",
    "/incidents",
    "/transfers",
    "/transfers/one",
    "/transfers/one/notice",
    "/policy",
    "/inspect",
    "/account",
    "/access",
    "/none",
  ])
    pages.push(await admin.get(path));
  for (const { text } of pages) {
    assert.deepEqual([...text.matchAll(/(?:src|href|action)="(?!\/(?!\/)|#)[^"]*"/g)].map(String), []);
    assert.doesNotMatch(text, /<script(?![^>]*src=)|<style|\sstyle=|\son\w+=/i);
  }
  for (const [, path] of pages[0]?.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g) ?? [])
    assert.equal((await desk.browser().get(path ?? "")).status, 200);
});

test("a change that another site asks for is refused, with the session's cookie and without its token", async (context) => {
  const desk = await openDesk(context);
  await desk.store.write(transfer({ id: "one" }));
  const reviewer = await desk.signedIn("reviewer");
  const csrf = (await reviewer.csrf()) ?? "";
  const fields = { status: "confirmed", from: "open", why: "Because." };
  const post = (with_: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>>) =>
    reviewer.form("/transfers/one/status", { ...fields, ...with_ }, headers);
  assert.equal((await post({}, {})).status, 403, "no token");
  assert.equal((await post({ csrf: "x".repeat(csrf.length) }, {})).status, 403, "another token");
  assert.equal((await post({ csrf: (await (await desk.signedIn("reviewer")).csrf()) ?? "" }, {})).status, 403, "another session's token");
  assert.equal((await post({ csrf }, { origin: "https://evil.example" })).status, 403, "another origin");
  assert.equal((await post({ csrf }, { origin: "null" })).status, 403, "an opaque origin");
  assert.equal((await post({ csrf }, { "sec-fetch-site": "same-site" })).status, 403, "a sister site");
  assert.equal((await post({ csrf }, { "content-type": "text/plain" })).status, 415, "a form that needs no preflight");
  const json = { "content-type": "application/json", origin: reviewer.origin };
  assert.equal(
    (await reviewer.send("PATCH", "/api/v1/transfers/one", '{"status":"confirmed","why":"because"}', json)).status,
    415,
    "the API without the token",
  );
  assert.equal((await desk.store.get("one"))?.status, "open");
  assert.equal((await post({ csrf }, {})).status, 303);
});

test("every form of the desk is refused without the session's token, and from another origin with it", async (context) => {
  const inventory = { list: () => Promise.resolve({ items: [], next: undefined }), accept: () => Promise.reject(new Error("Reached.")) };
  const desk = await openDesk(context, { ports: { inventory } });
  await desk.store.write(transfer({ id: "one" }));
  const admin = desk.browser();
  await admin.signIn("admin", desk.console.firstPassword ?? "");
  const csrf = (await admin.csrf()) ?? "";
  for (const path of [
    "/transfers",
    "/transfers/one/status",
    "/transfers/one/evidence/one",
    "/inspect",
    "/inventory/accept",
    "/account/password",
    "/access/users",
    "/access/users/admin/password",
    "/access/users/admin/role",
    "/access/users/admin/remove",
    "/access/tokens",
    "/access/tokens/0123456789ab/revoke",
    "/sign-out",
  ]) {
    assert.equal((await admin.form(path, { status: "confirmed", from: "open", why: "because" })).status, 403, path);
    assert.equal((await admin.form(path, { csrf }, { origin: "https://evil.example" })).status, 403, path);
    assert.equal((await admin.form(path, { csrf }, { "sec-fetch-site": "cross-site" })).status, 403, path);
  }
  assert.equal((await admin.get("/account")).status, 200, "still signed in");
  for (const [method, path] of [
    ["PATCH", "/api/v1/transfers/one"],
    ["POST", "/api/v1/transfers/one/evidence/one"],
    ["POST", "/api/v1/inventory/accept"],
  ] as const) {
    const headers = { "content-type": "application/json", origin: "https://evil.example", "x-csrf-token": csrf };
    assert.equal((await admin.send(method, path, '{"why":"because"}', headers)).status, 403, path);
  }
});

test("nobody can be signed in from another site: the form is bound to the browser that it was given to", async (context) => {
  const desk = await openDesk(context);
  const [mine, victim] = [desk.browser(), desk.browser()];
  const form = /name="form" value="([^"]+)"/.exec((await mine.get("/sign-in")).text)?.[1] ?? "";
  await victim.get("/sign-in");
  const fields = { form, name: "admin", password: desk.console.firstPassword ?? "" };
  assert.equal((await victim.form("/sign-in", fields)).status, 403);
  assert.equal((await mine.form("/sign-in", fields, { origin: "https://evil.example" })).status, 403);
  assert.equal((await mine.form("/sign-in", fields)).status, 303);
});

test("SQL in a filter is text to look for", async (context) => {
  const desk = await openDesk(context);
  await desk.store.write(transfer({ id: "one" }));
  const viewer = await desk.signedIn("viewer");
  for (const text of ["' OR 1=1 --", "%", "_", "'; DROP TABLE records; --", "!%", '" OR ""="', "\\"]) {
    const { status, text: page } = await viewer.get(`/transfers?text=${encodeURIComponent(text)}`);
    assert.equal(status, 200);
    assert.match(page, /No transfer matches/, text);
  }
  for (const query of [
    "case=' OR 1=1",
    "rule=pii' OR '1'='1",
    "incident=x' --",
    "status=open' OR 1=1",
    "limit=1; DROP TABLE records",
    "due=overdue' --",
    "transferred=1 OR 1=1",
    "cursor=' OR 1=1 --",
    `cursor=${Buffer.from("1 x' OR '1'='1").toString("base64url")}`,
  ]) {
    assert.equal((await viewer.get(`/transfers?${encodeURI(query)}`)).status, 400, query);
  }
  assert.match((await viewer.get("/transfers")).text, /transfers\/one"/);
});

test("no path leads out of the console's own, and no id is a path", async (context) => {
  const desk = await openDesk(context);
  const admin = desk.browser();
  await admin.signIn("admin", desk.console.firstPassword ?? "");
  for (const path of [
    "/assets/../../../../etc/passwd",
    "/assets/%2e%2e/%2e%2e/etc/passwd",
    "/transfers/..%2f..%2fconsole-access.json",
    "/transfers/%00",
    "/transfers/x/notice.md%0d%0aX-Evil:1",
    "/api/v1/transfers/..%2f..",
    "/assets/",
  ]) {
    const answer = await raw(desk.console.address.port, path, admin.cookies);
    assert.ok(answer.status === 404 || answer.status === 400, `${path}: ${answer.status}`);
    assert.ok(!answer.text.includes("root:") && !answer.text.includes('"users"'), path);
    assert.equal(answer.headers["x-evil"], undefined);
  }
});

/** As it is written, without what a client would mend. */
function raw(
  port: number,
  path: string,
  cookies: ReadonlyMap<string, string>,
): Promise<{ status: number; text: string; headers: Readonly<Record<string, unknown>> }> {
  return new Promise((resolve, reject) => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const sent = request({ host: "127.0.0.1", port, path, headers: { cookie }, agent: false }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    });
    sent.on("error", reject);
    sent.end();
  });
}

test("no header can be injected by what someone sends", async (context) => {
  const desk = await openDesk(context);
  const browser = desk.browser();
  const answer = await browser.signIn("admin", desk.console.firstPassword ?? "", { next: "/x\r\nX-Evil: 1" });
  assert.deepEqual([answer.headers["location"], answer.headers["x-evil"]], ["/", undefined]);
  const sent = await browser.get(`/nowhere%0d%0aX-Evil:%201`);
  assert.equal(sent.headers["x-evil"], undefined);
});

test("a name that points here by someone else's DNS is not answered", async (context) => {
  const desk = await openDesk(context);
  for (const host of ["evil.example", "evil.example:8080", "127.0.0.1.evil.example"]) {
    assert.equal((await desk.browser().get("/sign-in", { host })).status, 421, host);
  }
  for (const host of ["localhost:8080", "127.0.0.1", "[::1]:8080"])
    assert.equal((await desk.browser().get("/sign-in", { host })).status, 200, host);
});

test("a line break in a name or a reason makes no second line in log and trail", async (context) => {
  const desk = await openDesk(context);
  await desk.store.write(transfer({ id: "one" }));
  const reviewer = await desk.signedIn("reviewer");
  await desk.browser().signIn('x\n{"at":"now","who":"admin","what":"forged"}', "wrong");
  await reviewer.post("/transfers/one/status", { status: "confirmed", from: "open", why: 'line\n{"who":"admin"}' });
  const lines = readFileSync(join(desk.dataDir, "console-audit.ndjson"), "utf8").trimEnd().split("\n");
  for (const line of lines) assert.doesNotMatch(JSON.stringify(JSON.parse(line)), /forged/);
});

test("a body over the limit is refused, announced or not", async (context) => {
  const desk = await openDesk(context);
  const viewer = await desk.signedIn("viewer");
  const csrf = (await viewer.csrf()) ?? "";
  const answer = await viewer.form("/inspect", { csrf, body: "x".repeat(4 * 1_048_576) }).catch(() => ({ status: 413 }));
  assert.equal(answer.status, 413);
  const chunked = await viewer.form("/inspect", { csrf, body: "x" }, { "transfer-encoding": "chunked" });
  assert.equal(chunked.status, 411);
});

test("who has not signed in may send a name and a password, and no megabytes that are held meanwhile", async (context) => {
  const desk = await openDesk(context);
  const stranger = desk.browser();
  const sent = (bytes: number, path: string) => stranger.form(path, { name: "admin", password: "x".repeat(bytes) });
  assert.equal((await sent(15_000, "/sign-in")).status, 403);
  for (const path of ["/sign-in", "/inspect", "/api/v1/transfers"]) assert.equal((await sent(17_000, path)).status, 413, path);
});

test("what someone pastes into inspect is judged, and stands nowhere afterwards", async (context) => {
  const desk = await openDesk(context);
  const viewer = await desk.signedIn("viewer");
  const canary = "canary.person@planted-hospital.org";
  const body = JSON.stringify({ batch: [{ type: "track", userId: "1", event: "x", properties: { email: canary } }] });
  const { status, text } = await viewer.post("/inspect", {
    to: "https://api.segment.io/v1/batch",
    method: "POST",
    type: "application/json",
    body,
  });
  assert.equal(status, 200);
  assert.match(text, /verdict-block/);
  assert.match(text, /pii\/email/);
  assert.equal((await desk.store.list()).items.length, 0);
  assert.ok(!JSON.stringify(desk.log.said).includes(canary));
  for (const file of ["console-audit.ndjson", "console-access.json", "records.db", "records.db-wal"]) {
    assert.ok(!readFileSync(join(desk.dataDir, file)).includes(canary), file);
  }
});

test("several records are changed at once, and what can't be is said", async (context) => {
  const desk = await openDesk(context);
  for (const id of ["one", "two", "three"]) await desk.store.write(transfer({ id }));
  const reviewer = await desk.signedIn("reviewer");
  const csrf = (await reviewer.csrf()) ?? "";
  const change = (ids: readonly string[], status: string) =>
    reviewer.form(
      "/transfers",
      new URLSearchParams([
        ["csrf", csrf],
        ["status", status],
        ["why", "Alike."],
        ["back", "/transfers?case=event-collection"],
        ...ids.map((id): [string, string] => ["id", id]),
      ]),
    );
  const done = await change(["one", "two"], "confirmed");
  assert.deepEqual([done.status, done.headers["location"]], [303, "/transfers?case=event-collection&changed=2"]);
  assert.match((await reviewer.get(String(done.headers["location"]))).text, /2 transfers changed/);
  const astray = await reviewer.form(
    "/transfers",
    new URLSearchParams({ csrf, status: "reported", why: "Alike.", back: "https://evil.example/?x=1", id: "one" }),
  );
  assert.deepEqual([astray.status, astray.headers["location"]], [303, "/transfers?changed=1"], "back to the list and nowhere else");
  const part = await change(["two", "three"], "reported");
  assert.equal(part.status, 409);
  assert.match(part.text, /1 were changed to reported; 1 could not be/);
  assert.deepEqual(await Promise.all(["one", "two", "three"].map(async (id) => (await desk.store.get(id))?.status)), [
    "reported",
    "reported",
    "open",
  ]);
});
