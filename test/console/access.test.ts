import assert from "node:assert/strict";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Directory } from "../../src/console/access/directory.js";
import { passwordMatches } from "../../src/console/access/password.js";
import { judgeBinding } from "../../src/console/console-settings.js";
import { safeNext } from "../../src/console/pages/sign-in-page.js";
import { startConsole } from "../../src/console/server.js";
import { FaultsError } from "../../src/model/fault.js";
import { folder, transfer } from "../record/sample.js";
import { Browser, openDesk } from "./desk-fixture.js";

test("the first admin's password is handed out once, works, and stands in no file and no log", async (context) => {
  const desk = await openDesk(context);
  const password = desk.console.firstPassword ?? "";
  assert.match(password, /^[a-z2-9]{6}(-[a-z2-9]{6}){3}$/);
  assert.equal((await desk.browser().signIn("admin", password)).status, 303);
  const file = join(desk.dataDir, "console-access.json");
  assert.ok(!readFileSync(file, "utf8").includes(password));
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(!JSON.stringify(desk.log.said).includes(password));
  assert.equal(await desk.directory.ensureAdmin(), undefined);
});

test("nobody reads anything without signing in: pages send there, the API says 401", async (context) => {
  const desk = await openDesk(context);
  await desk.store.write(transfer({ id: "one" }));
  for (const path of [
    "/",
    "/incidents",
    "/transfers",
    "/transfers/one",
    "/transfers/one/notice",
    "/transfers/one/notice.md",
    "/policy",
    "/inspect",
    "/account",
    "/access",
  ]) {
    const answer = await desk.browser().get(path);
    assert.equal(answer.status, 303, path);
    assert.match(String(answer.headers["location"]), /^\/sign-in/);
  }
  for (const path of ["/api/v1/transfers", "/api/v1/transfers/one", "/api/v1/incidents"]) {
    const answer = await desk.browser().get(path);
    assert.deepEqual([answer.status, answer.headers["content-type"]], [401, "application/problem+json"], path);
    assert.equal((await desk.browser().get(path, { authorization: "Bearer egp_000000000000_nonsense" })).status, 401);
  }
});

test("a role may do what it says, and no form raises it", async (context) => {
  const desk = await openDesk(context);
  await desk.store.write(transfer({ id: "one" }));
  const viewer = await desk.signedIn("viewer");
  const reviewer = await desk.signedIn("reviewer");
  const change = { status: "confirmed", from: "open", why: "It is one." };
  assert.equal((await viewer.post("/transfers/one/status", change)).status, 403);
  assert.equal((await viewer.post("/transfers", { ...change, id: "one" })).status, 403);
  const patched = await viewer.send("PATCH", "/api/v1/transfers/one", JSON.stringify({ status: "confirmed", why: "It is one." }), {
    "content-type": "application/json",
    origin: viewer.origin,
    "x-csrf-token": (await viewer.csrf()) ?? "",
  });
  assert.equal(patched.status, 403);
  assert.equal((await desk.store.get("one"))?.status, "open");
  for (const [path, fields] of [
    ["/access/users", { name: "mallory", role: "admin" }],
    ["/access/users/reviewer-2/role", { role: "admin" }],
    ["/access/users/admin/password", {}],
    ["/access/users/admin/remove", {}],
    ["/access/tokens", { name: "x", scope: "transfers:write", days: "1" }],
  ] as const) {
    assert.equal((await reviewer.post(path, fields)).status, 403, path);
  }
  assert.equal((await reviewer.get("/access")).status, 403);
  assert.equal((await reviewer.post("/transfers/one/status", change)).status, 303);
  assert.equal((await desk.store.get("one"))?.status, "confirmed");
});

test("a token does what its scopes say, until it is revoked or past its date", async (context) => {
  const desk = await openDesk(context);
  await desk.store.write(transfer({ id: "one" }));
  const authorization = `Bearer ${desk.token("transfers:read")}`;
  const patch = () =>
    desk.browser().send("PATCH", "/api/v1/transfers/one", '{"status":"confirmed","why":"because"}', {
      authorization,
      "content-type": "application/json",
    });
  assert.equal((await patch()).status, 403);
  assert.equal((await desk.browser().get("/access", { authorization })).status, 403);
  assert.ok(!readFileSync(join(desk.dataDir, "console-access.json"), "utf8").includes(authorization.slice(30)));
  desk.clock.time += 86_400_001;
  assert.equal((await desk.browser().get("/api/v1/transfers", { authorization })).status, 401);
  desk.clock.time -= 86_400_001;
  assert.equal((await desk.browser().get("/api/v1/transfers", { authorization })).status, 200);
  desk.directory.revokeToken(desk.directory.tokens()[0]?.id ?? "");
  assert.equal((await desk.browser().get("/api/v1/transfers", { authorization })).status, 401);
});

test("signing in changes the session's id, whatever id the browser brought", async (context) => {
  const desk = await openDesk(context);
  const browser = desk.browser();
  browser.cookies.set("egress-session", "planted");
  await browser.signIn("admin", desk.console.firstPassword ?? "");
  const id = browser.cookies.get("egress-session");
  assert.notEqual(id, "planted");
  const planted = desk.browser();
  planted.cookies.set("egress-session", "planted");
  assert.equal((await planted.get("/")).status, 303);
  await browser.signIn("admin", desk.console.firstPassword ?? "");
  const copy = desk.browser();
  copy.cookies.set("egress-session", id ?? "");
  await browser.post("/sign-out", {});
  copy.cookies.set("egress-session", id ?? "");
  assert.equal((await copy.get("/")).status, 303, "a session that was left is over, also for a copy of its cookie");
});

test("cookies are HttpOnly and SameSite=Strict, and __Host- with Secure where TLS ends at a trusted proxy", async (context) => {
  const desk = await openDesk(context, { settings: { trustedProxies: ["127.0.0.0/8"] } });
  const form = await desk.browser().get("/sign-in");
  assert.match(String(form.headers["set-cookie"]), /^egress-form=.*HttpOnly; SameSite=Strict$/);
  const secure = new Browser(desk.console.address.port);
  const forwarded = { "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9" };
  const answer = await secure.signIn(
    "admin",
    desk.console.firstPassword ?? "",
    {},
    { ...forwarded, origin: secure.origin.replace("http:", "https:") },
  );
  const set = String(answer.headers["set-cookie"]);
  assert.match(set, /^__Host-egress-session=[\w-]{43};.*Path=\/; HttpOnly; Secure; SameSite=Strict$/);
  assert.match(String(answer.headers["strict-transport-security"]), /max-age/);
  assert.ok(readFileSync(join(desk.dataDir, "console-audit.ndjson"), "utf8").includes('"from":"203.0.113.9"'));
});

test("X-Forwarded-For of anyone else is not believed", async (context) => {
  const desk = await openDesk(context);
  await desk.browser().signIn("admin", "wrong", {}, { "x-forwarded-for": "203.0.113.9" });
  assert.ok(!readFileSync(join(desk.dataDir, "console-audit.ndjson"), "utf8").includes("203.0.113.9"));
});

test("guessing is slowed down: by name and address, then by name from anywhere; and time frees it", async (context) => {
  const desk = await openDesk(context, { settings: { trustedProxies: ["127.0.0.0/8"] } });
  const guess = async (address: string, password = "wrong") =>
    (await desk.browser().signIn("admin", password, {}, { "x-forwarded-for": address })).status;
  for (let tries = 0; tries < 5; tries += 1) assert.equal(await guess("203.0.113.1"), 401);
  assert.equal(await guess("203.0.113.1", desk.console.firstPassword), 429, "the right password too");
  assert.equal(await guess("203.0.113.2", desk.console.firstPassword), 303, "its owner elsewhere gets in");
  desk.clock.time += 15 * 60_000 + 1;
  assert.equal(await guess("203.0.113.1", desk.console.firstPassword), 303);
});

test("a sign-in does the same work for a name that exists and one that does not", async (context) => {
  const derived: { n: number; r: number; p: number }[] = [];
  const derive = (_: string, { n, r, p }: { n: number; r: number; p: number }): Promise<Buffer> => {
    derived.push({ n, r, p });
    return Promise.resolve(Buffer.alloc(32, 1));
  };
  const directory = new Directory(folder(context), { now: () => Date.now() }, derive);
  await directory.addUser("dana", "viewer");
  derived.length = 0;
  assert.equal((await directory.verify("dana", "x"))?.name, "dana");
  assert.equal(await directory.verify("nobody", "x"), undefined);
  assert.equal(derived.length, 2);
  assert.deepEqual(derived[0], derived[1]);
  assert.equal(await passwordMatches("x", undefined, () => Promise.resolve(Buffer.alloc(32))), false);
});

test("a user who is removed or gets another role is signed out at once; the last admin stays", async (context) => {
  const desk = await openDesk(context);
  const reviewer = await desk.signedIn("reviewer");
  assert.equal((await reviewer.get("/")).status, 200);
  desk.directory.setRole("reviewer-1", "viewer");
  assert.equal((await reviewer.get("/")).status, 303);
  const viewer = await desk.signedIn("viewer");
  desk.directory.removeUser("viewer-2");
  assert.equal((await viewer.get("/")).status, 303);
  assert.equal(desk.directory.removeUser("admin").ok, false);
  assert.equal(desk.directory.setRole("admin", "viewer").ok, false);
});

test("a session ends after an hour without a request, and after twelve in any case", async (context) => {
  const desk = await openDesk(context);
  const idle = await desk.signedIn("viewer");
  desk.clock.time += 3_600_001;
  assert.equal((await idle.get("/")).status, 303);
  const busy = await desk.signedIn("viewer");
  for (let half = 0; half < 24; half += 1) {
    desk.clock.time += 1_800_000;
    assert.equal((await busy.get("/account")).status, 200);
  }
  desk.clock.time += 1;
  assert.equal((await busy.get("/account")).status, 303);
});

test("an admin adds users and tokens on the page, sees each secret once, and every act is in the trail", async (context) => {
  const desk = await openDesk(context);
  const admin = desk.browser();
  await admin.signIn("admin", desk.console.firstPassword ?? "");
  const secretOf = (text: string): string => /class="secret">([^<]+)</.exec(text)?.[1] ?? "";
  const password = secretOf((await admin.post("/access/users", { name: "dana", role: "reviewer" })).text);
  assert.equal((await desk.browser().signIn("dana", password)).status, 303);
  const token = secretOf((await admin.post("/access/tokens", { name: "siem", scope: "transfers:read", days: "30" })).text);
  assert.equal((await desk.browser().get("/api/v1/transfers", { authorization: `Bearer ${token}` })).status, 200);
  const page = (await admin.get("/access")).text;
  assert.ok(!page.includes(password) && !page.includes(token));
  assert.match(page, /added a user as reviewer/);
  assert.match(page, /made a token with transfers:read/);
  assert.equal((await admin.post("/access/users", { name: "DANA", role: "viewer" })).status, 409);
  assert.equal((await admin.post("/access/users", { name: "<b>", role: "viewer" })).status, 400);
});

test("a new password needs the old one, and ends the other sessions", async (context) => {
  const desk = await openDesk(context);
  const old = desk.console.firstPassword ?? "";
  const [here, there] = [desk.browser(), desk.browser()];
  await here.signIn("admin", old);
  await there.signIn("admin", old);
  const next = "a much longer one";
  assert.equal((await here.post("/account/password", { old: "wrong", new: next, again: next })).status, 403);
  assert.equal((await here.post("/account/password", { old, new: "short", again: "short" })).status, 400);
  assert.equal((await here.post("/account/password", { old, new: next, again: next })).status, 303);
  assert.equal((await here.get("/account")).status, 200);
  assert.equal((await there.get("/account")).status, 303);
  assert.equal((await desk.browser().signIn("admin", next)).status, 303);
});

test("it is refused at start where the network could read it, and every fault is said at once", async (context) => {
  const dataDir = folder(context);
  const base = { dataDir, tls: undefined, trustedProxies: [], publicUrl: undefined, oidc: undefined, localUsers: true };
  const faults = (over: object): string[] => {
    try {
      judgeBinding({ listen: { host: "127.0.0.1", port: 0 }, ...base, ...over });
      return [];
    } catch (error) {
      assert.ok(error instanceof FaultsError);
      return error.faults.map((fault) => fault.where);
    }
  };
  for (const host of [undefined, "0.0.0.0", "::", "10.0.0.7", "desk.example.com"]) {
    assert.deepEqual(faults({ listen: { host, port: 0 } }), ["listen.console"], String(host));
  }
  for (const host of ["127.0.0.1", "127.8.9.1", "::1", "localhost"]) assert.deepEqual(faults({ listen: { host, port: 0 } }), [], host);
  assert.deepEqual(faults({ listen: { host: "::", port: 0 }, trustedProxies: ["10.42.0.0/16"] }), []);
  assert.deepEqual(faults({ listen: { host: "::", port: 0 }, trustedProxies: ["0.0.0.0/0"] }), ["console.trusted_proxies"]);
  assert.deepEqual(faults({ listen: { host: "::", port: 0 }, tls: { certificate: join(dataDir, "none"), key: join(dataDir, "none") } }), [
    "console.tls_cert",
    "console.tls_key",
  ]);
  const oidc = { issuer: "http://login.example.com", clientId: "x", clientSecret: "y", roleClaim: "groups", roles: {}, scopes: "openid" };
  assert.deepEqual(faults({ oidc, publicUrl: "https://desk.example.com/path" }), [
    "console.public_url",
    "console.oidc_issuer",
    "console.public_url",
    "console.oidc_roles",
  ]);
  assert.deepEqual(faults({ localUsers: false }), ["console.local_users"]);
  await assert.rejects(startConsole({ ...base, listen: { host: "0.0.0.0", port: 0 } }, {} as never), FaultsError);
});

test("after signing in one goes to a page of the console, never elsewhere", () => {
  for (const [next, path] of [
    ["/transfers?status=open", "/transfers?status=open"],
    ["//evil.example", "/"],
    ["/\\evil.example", "/"],
    ["/\t/evil.example", "/"],
    ["/%09/evil.example", "/%09/evil.example"],
    ["https://evil.example/", "/"],
    ["javascript:alert(1)", "/"],
    ["/x\r\nSet-Cookie: a=b", "/"],
    ["/sign-out", "/"],
    ["", "/"],
    [undefined, "/"],
  ] as const) {
    assert.equal(safeNext(next), path, String(next));
  }
});
