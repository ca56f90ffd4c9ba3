import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openAuthority } from "../../src/tls/authority.js";
import { folder, opened, transfer, until } from "../record/sample.js";
import { Browser, openDesk } from "./desk-fixture.js";

const CLI = fileURLToPath(new URL("../../app/egress-proxy.js", import.meta.url));

interface Ran {
  readonly code: number | null;
  readonly out: string;
}

function environment(dataDir: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { PATH: process.env["PATH"] ?? "", EGRESS_PROXY_DATA: dataDir, EGRESS_PROXY_CERTS: join(dataDir, "no-certs"), ...more };
}

async function run(dataDir: string, args: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: environment(dataDir, more),
    cwd: dataDir,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
  const [code] = await once(child, "close");
  return { code: typeof code === "number" ? code : null, out };
}

/** `egress-proxy console` in a process of its own; gives its port and what it printed. */
async function consoleApart(
  context: TestContext,
  dataDir: string,
): Promise<{ readonly port: number; readonly said: readonly string[]; readonly stop: () => Promise<void> }> {
  const env = environment(dataDir, { EGRESS_PROXY_LISTEN_CONSOLE: "127.0.0.1:0" });
  const child = spawn(process.execPath, [CLI, "console"], { env, cwd: dataDir, stdio: ["ignore", "pipe", "inherit"] });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
  };
  context.after(stop);
  const said: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => said.push(line));
  const port = (): string | undefined => /http:\/\/127\.0\.0\.1:(\d+)/.exec(said.join("\n"))?.[1];
  await until(() => port() !== undefined, "the console says where it is");
  return { port: Number(port()), said, stop };
}

test("apart, beside a writer on the same folder, a status change is in the chain, which stays whole, without a CA", async (context) => {
  const dataDir = folder(context);
  const store = await opened(context, { dataDir });
  await store.write(transfer({ id: "before" }));
  const added = await run(dataDir, ["console", "user", "add", "dana", "--role", "reviewer"]);
  assert.equal(added.code, 0, added.out);
  const { port, said, stop } = await consoleApart(context, dataDir);
  await store.write(transfer({ id: "after" }));
  const browser = new Browser(port);
  assert.equal((await browser.signIn("dana", / (\S+)\n$/.exec(added.out)?.[1] ?? "")).status, 303);
  for (const id of ["before", "after"]) {
    const answer = await browser.post(`/transfers/${id}/status`, { status: "confirmed", from: "open", why: "Seen in the log." });
    assert.equal(answer.status, 303, answer.text);
    await store.write(transfer({ id: `${id}-then` }));
  }
  assert.equal((await store.get("after"))?.status, "confirmed");
  assert.deepEqual((await store.verify()).faults, []);
  assert.match((await browser.get("/")).text, /No proxy in this process/);
  assert.ok(!said.join("\n").includes("sign in as admin"), "there was a user already");
  const report = await browser.get("/report/made?since=1d&format=md");
  assert.equal(report.status, 200, report.text);
  assert.match(report.text, /4 Unexpected Data Transfers .*confirmed 2/);
  await stop();
  const anew = await consoleApart(context, dataDir);
  const same = new Browser(anew.port);
  for (const [name, value] of browser.cookies) same.cookies.set(name, value);
  assert.match((await same.get("/account")).text, /<h1>dana<\/h1>/, "a restart signs nobody out");
});

test("the users' command says who there is, keeps the last admin, and refuses a name that is none", async (context) => {
  const dataDir = folder(context);
  assert.equal((await run(dataDir, ["console", "user", "add", "root", "--role", "admin"])).code, 0);
  assert.match((await run(dataDir, ["console", "user", "list"])).out, /^root\tadmin\tsince /);
  const last = await run(dataDir, ["console", "user", "remove", "root"]);
  assert.deepEqual([last.code, /last admin/.test(last.out)], [1, true]);
  assert.equal((await run(dataDir, ["console", "user", "add", "a b"])).code, 2);
  assert.equal((await run(dataDir, ["console", "user", "reset", "nobody"])).code, 1);
  const open = await run(dataDir, ["console"], { EGRESS_PROXY_LISTEN_CONSOLE: "0.0.0.0:0" });
  assert.deepEqual([open.code, /without TLS/.test(open.out)], [1, true]);
});

test("with a certificate of its own it serves TLS, and its cookies are __Host- and Secure", async (context) => {
  const dir = folder(context);
  mkdirSync(join(dir, "ca"));
  const authority = await openAuthority({ dir: join(dir, "ca"), now: Date.now(), createIfMissing: true });
  const leaf = await authority.mint("localhost", Date.now());
  const [certificate, key] = [join(dir, "desk.crt"), join(dir, "desk.key")];
  writeFileSync(certificate, leaf.certificatePem);
  writeFileSync(key, leaf.privateKeyPem, { mode: 0o600 });
  const desk = await openDesk(context, { settings: { tls: { certificate, key }, listen: { host: "0.0.0.0", port: 0 } } });
  const answer = await new Promise<{ status: number | undefined; cookie: string; hsts: string }>((resolve, reject) => {
    get(
      { host: "localhost", port: desk.console.address.port, path: "/sign-in", ca: authority.certificatePem, agent: false },
      (response) => {
        response.resume();
        const { headers, statusCode } = response;
        resolve({ status: statusCode, cookie: String(headers["set-cookie"]), hsts: String(headers["strict-transport-security"]) });
      },
    ).on("error", reject);
  });
  assert.equal(answer.status, 200);
  assert.match(answer.cookie, /^__Host-egress-form=.*Secure; SameSite=Strict$/);
  assert.match(answer.hsts, /max-age/);
});
