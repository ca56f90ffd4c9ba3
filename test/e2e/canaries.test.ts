import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import Sqlite from "better-sqlite3";
import { EVENT_HUB, type InstallationWish, played, prepareInstallation, recordsOf, SEGMENT, wireBytes } from "../support/installation.js";
import { Browser } from "../console/desk-fixture.js";
import { type ProxyProcess, runCli, spawnProxy } from "../support/proxy-process.js";
import { until } from "../record/sample.js";
import { openTunnel, Wire } from "../support/wire.js";

/** Of each way to plant one. */
const EACH = 13;

interface Planting {
  readonly proxy: ProxyProcess;
  readonly ca: string;
}

type Way = (canary: string, planting: Planting) => Promise<Buffer>;

const inBody =
  (
    name: "udt-track-email" | "clean-page-visit",
    change: (body: string, canary: string) => string,
    fields: (canary: string) => Readonly<Record<string, string>> = () => ({}),
  ): Way =>
  async (canary, { proxy, ca }) => {
    const request = played(name);
    const body = Buffer.from(change(request.body.toString(), canary));
    const tunnel = await openTunnel({ port: proxy.port, to: `${request.host}:443`, ca });
    const { body: answer } = await tunnel.send(wireBytes(request, { ...fields(canary), Connection: "close" }, body)).answer();
    tunnel.close();
    return answer;
  };

const head =
  (line: (canary: string) => string, host: string): Way =>
  async (canary, { proxy, ca }) => {
    const tunnel = await openTunnel({ port: proxy.port, to: `${host}:443`, ca });
    const answer = await tunnel.send(`${line(canary)}\r\nHost: ${host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`).rest();
    tunnel.close();
    return answer;
  };

const plain =
  (text: (canary: string) => string): Way =>
  async (canary, { proxy }) => {
    const wire = await Wire.open(proxy.port);
    const answer = await wire.send(text(canary)).rest();
    wire.close();
    return answer;
  };

/** Every place of a request that a secret can stand in. */
const WAYS: Readonly<Record<string, Way>> = {
  "a value that a rule catches": inBody("udt-track-email", (body, canary) =>
    body.replace(/"email": "[^"]*"/, `"email": "${canary}@example.com"`),
  ),
  "a value inside prose, in base64": inBody("clean-page-visit", (body, canary) =>
    body.replace("{", `{"description": "${Buffer.from(`mail ${canary}@example.org now`).toString("base64")}",`),
  ),
  "a key that no schema names": inBody("clean-page-visit", (body, canary) => body.replace("{", `{"${canary}": 1,`)),
  "a key below an object": inBody("clean-page-visit", (body, canary) =>
    body.replace("{", `{"error_log": {"info": {"${canary}": {"${canary}b": null}}},`),
  ),
  "the event kind": inBody("clean-page-visit", (body, canary) => body.replace(/"kind": "[^"]*"/, `"kind": "${canary}"`)),
  "a body that is no JSON": inBody("clean-page-visit", (_, canary) => `{"id": 1, "${canary}": ${canary}`),
  "a header's value": inBody(
    "clean-page-visit",
    (body) => body,
    (canary) => ({ "X-Trace": `${canary}@example.com` }),
  ),
  "a header's name": inBody(
    "clean-page-visit",
    (body) => body,
    (canary) => ({ [`X-${canary}`]: "someone@example.com" }),
  ),
  "a path segment": head((canary) => `POST /v1/${canary}/batch HTTP/1.1`, SEGMENT),
  "a query": head((canary) => `POST /api/walrus/eventhub/new?${canary}=${canary}%40example.com HTTP/1.1`, EVENT_HUB),
  "a method": head((canary) => `${canary.toUpperCase()} /v1/batch HTTP/1.1`, SEGMENT),
  "a refused host in CONNECT": plain((canary) => `CONNECT ${canary}.example.net:443 HTTP/1.1\r\nHost: ${canary}.example.net:443\r\n\r\n`),
  "a refused host in absolute form": plain(
    (canary) => `GET http://${canary}.example.net/${canary} HTTP/1.1\r\nHost: ${canary}.example.net\r\nConnection: close\r\n\r\n`,
  ),
  "a Host that differs": plain((canary) => `GET http://${EVENT_HUB}/ HTTP/1.1\r\nHost: ${canary}.example.net\r\nConnection: close\r\n\r\n`),
  "a header that is malformed": plain(
    (canary) => `GET http://${EVENT_HUB}/ HTTP/1.1\r\nHost: ${EVENT_HUB}\r\nX ${canary} : ${canary}\r\nConnection: close\r\n\r\n`,
  ),
  "proxy credentials": plain(
    (canary) =>
      `CONNECT nowhere.example:443 HTTP/1.1\r\nHost: nowhere.example:443\r\nProxy-Authorization: Basic ${Buffer.from(`u:${canary}`).toString("base64")}\r\n\r\n`,
  ),
};

const names = Object.keys(WAYS);

test("200 canaries through the proxy that refuses: none on disk, in a log, a metric, an answer, a page, an export or a report", (context) =>
  plantAll(context, {}));

test("200 canaries through the proxy that only watches: what it lets out leaves no trace of a value either", (context) => {
  const until = new Date(Date.now() + 10 * 86_400_000).toISOString().slice(0, 10);
  return plantAll(context, {
    policy: (text) =>
      text.replace("    mode: enforce\n", `    mode: monitor\n    until: ${until}\n    reason: A test of the record.\n    author: kim\n`),
  });
});

async function plantAll(context: TestContext, wish: InstallationWish): Promise<void> {
  const recipient = await identityToRecipient(await generateX25519Identity());
  const installation = await prepareInstallation({
    ...wish,
    settings: { log: { level: "debug" }, evidence: { recipients: [recipient] }, listen: { console: "127.0.0.1:0" } },
  });
  context.after(() => installation.remove());
  const proxy = await spawnProxy(installation.settingsFile);
  const planting = { proxy, ca: readFileSync(join(installation.certs, "ca.crt"), "utf8") };
  // Letters only, as names and hosts allow. What all of them begin with is searched for, each place once and not once a canary.
  const stem = `zq${letters(10)}`;
  const canaries: string[] = [];
  const seen = new Map<string, string>();
  const plant = async (): Promise<void> => {
    for (const name of names) {
      const canary = `${stem}${letters(5)}`;
      canaries.push(canary);
      seen.set(`the answer to ${name} ${canary}`, (await WAYS[name]?.(canary, planting))?.toString("latin1") ?? "");
    }
  };
  for (let round = 0; round < EACH - 2; round += 1) await plant();
  // The store is busy, so that the spool is on disk too.
  const blocker = new Sqlite(join(installation.data, "records.db"));
  blocker.exec("begin immediate");
  await plant();
  await plant();
  assert.ok(readdirSync(installation.data).includes("record.spool"));
  gather(seen, "spooled", installation.data);
  blocker.exec("commit");
  blocker.close();
  const metrics = async (path: string) => (await fetch(`http://127.0.0.1:${proxy.metricsPort}${path}`)).text();
  seen.set("metrics", await metrics("/metrics"));
  seen.set("health", await metrics("/readyz"));
  await until(async () => / 0$/m.test(/^egress_records_spooled .*$/m.exec(await metrics("/metrics"))?.[0] ?? ""), "the spool is drained");
  // Past a flush of the inventory.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  gather(seen, "running", installation.data);
  const records = await recordsOf(installation.data);
  assert.ok(records.length > 100, `${records.length} records`);
  const pages = await readConsole(
    proxy,
    records.map(({ id }) => id),
    seen,
  );
  proxy.kill("SIGTERM");
  const { stdout, stderr } = await proxy.exited;
  seen.set("standard output", stdout);
  seen.set("log", stderr);
  gather(seen, "at rest", installation.folder);
  const data = ["--data", installation.data];
  const commands = [
    ["records", "list", "--limit", "1000"],
    ["records", "incidents"],
    ["records", "verify"],
    ...["json", "csv"].map((format) => ["records", "export", "--format", format]),
    ...["html", "md", "json"].map((format) => ["report", "--format", format]),
    ["inventory", "list"],
    ...records.slice(0, 3).map((record) => ["records", "show", record.id]),
  ];
  for (const command of commands) {
    const { stdout: out, stderr: err } = await runCli(...command, ...data);
    assert.ok(out.length > 0, `${command.join(" ")}: ${err}`);
    seen.set(command.join(" "), out + err);
  }
  assert.ok(canaries.length >= 200);
  const found = [...seen].filter(([, text]) => holds(text, stem)).map(([where, text]) => `${where}: ${waysIn(text, canaries)}`);
  assert.deepEqual(found, []);
  context.diagnostic(
    `${canaries.length} canaries, ${records.length} records, ${pages} pages and API answers, ${seen.size} places searched, ${installation.vendor.received.length} exchanges let out`,
  );
}

function letters(count: number): string {
  return [...randomBytes(count)].map((byte) => String.fromCharCode(97 + (byte % 26))).join("");
}

/** Which ways of planting show in a text, for whoever has to mend it. */
function waysIn(text: string, canaries: readonly string[]): string {
  const shown = canaries.flatMap((canary, index) => (holds(text, canary) ? [names[index % names.length] ?? ""] : []));
  return [...new Set(shown)].join("; ") || "a part of one";
}

/** Every page and every answer of the API, of each record too; a transfer is dismissed, so that its exception is there. @returns how many */
async function readConsole(proxy: ProxyProcess, ids: readonly string[], seen: Map<string, string>): Promise<number> {
  const [, port] = /^ {2}console .*?:(\d+) /m.exec(proxy.written()) ?? [];
  const [, password] = /sign in as admin with (\S+)/.exec(proxy.written()) ?? [];
  const browser = new Browser(Number(port));
  assert.equal((await browser.signIn("admin", password ?? "")).status, 303);
  const [first = "", second = ""] = ids;
  for (const [id, status] of [
    [first, "dismissed"],
    [second, "confirmed"],
  ] as const) {
    const answer = await browser.post(`/transfers/${id}/status`, { status, from: "open", why: "A test of the desk." });
    assert.equal(answer.status, 303, answer.text);
  }
  const paths = [
    "/",
    "/incidents?open=false",
    "/transfers?limit=1000",
    "/transfers?text=zq",
    "/transfers.csv",
    "/inventory",
    "/inventory?changes=true",
    "/policy",
    "/inspect",
    "/report",
    "/access",
    "/account",
    `/transfers/${first}/exception`,
    "/transfers/nowhere",
    "/api/v1/incidents",
    "/api/v1/inventory?limit=1000",
    "/api/v1/openapi.json",
    ...["html", "md", "json", "csv"].flatMap((format) => [`/report/made?since=1d&format=${format}`, `/api/v1/report?format=${format}`]),
    ...ids.flatMap((id) => [`/transfers/${id}`, `/api/v1/transfers/${id}`]),
    ...ids.slice(0, 20).flatMap((id) => [`/transfers/${id}/notice`, `/api/v1/transfers/${id}/notice`, `/api/v1/transfers/${id}/evidence`]),
  ];
  const ask = async (path: string, accept: string): Promise<void> => {
    const { status, text, headers } = await browser.get(path, { accept });
    assert.equal(status, path.endsWith("/nowhere") ? 404 : 200, path);
    seen.set(`${path} as ${accept}`, `${JSON.stringify(headers)}\n${text}`);
  };
  for (const path of paths) await ask(path, "*/*");
  for (const accept of ["application/json", "text/csv", "application/x-ndjson"]) await ask("/api/v1/transfers?limit=1000", accept);
  const [, exchange] = /"exchange":"([^"]+)"/.exec((await browser.get(`/api/v1/transfers/${first}/evidence`)).text) ?? [];
  const sealed = await browser.post(`/transfers/${first}/evidence/${exchange ?? "none"}`, { why: "A test of the desk." });
  seen.set("sealed evidence", sealed.text);
  return paths.length + 4;
}

/** Every file below a folder, as Latin-1, so that each byte is a character. */
function gather(seen: Map<string, string>, when: string, folder: string): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    seen.set(`${file} ${when}`, readFileSync(file, "latin1"));
  }
}

/** Plain in either case, hex, and base64 at each of its three alignments; a test's own check that it would be found. */
function holds(text: string, canary: string): boolean {
  const spellings = [canary, canary.toUpperCase()].flatMap((one) => [
    one,
    Buffer.from(one).toString("hex"),
    Buffer.from(one).toString("hex").toUpperCase(),
    ...base64Of(one),
  ]);
  return spellings.some((spelling) => text.includes(spelling));
}

function base64Of(text: string): string[] {
  return [0, 1, 2].map((offset) => {
    const whole = Buffer.from("\0".repeat(offset) + text).toString("base64");
    // Digits that hold a bit of what stands before or behind are no digits of the text.
    return whole.slice(offset === 0 ? 0 : offset + 1, Math.floor(((offset + text.length) * 8) / 6));
  });
}

test("the search itself finds a canary in each spelling", () => {
  const canary = "zqabcdefghijklm";
  for (const text of [
    canary,
    canary.toUpperCase(),
    Buffer.from(canary).toString("hex"),
    ...["", "x", "xy", "xyz"].map((before) => Buffer.from(`${before}${canary}tail`).toString("base64")),
  ]) {
    assert.ok(holds(`..${text}..`, canary), text);
  }
  assert.ok(!holds("zqabcdefghijkl", canary));
});
