import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import Sqlite from "better-sqlite3";
import { EVENT_HUB, type InstallationWish, played, prepareInstallation, recordsOf, SEGMENT, wireBytes } from "../support/installation.js";
import { type ProxyProcess, runCli, spawnProxy } from "../support/proxy-process.js";
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

test("200 canaries through the proxy that refuses: none on disk, in a log, a metric, an answer, an export or a report", (context) =>
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
  const installation = await prepareInstallation({ ...wish, settings: { log: { level: "debug" }, evidence: { recipients: [recipient] } } });
  context.after(() => installation.remove());
  const proxy = await spawnProxy(installation.settingsFile);
  const planting = { proxy, ca: readFileSync(join(installation.certs, "ca.crt"), "utf8") };
  const canaries: string[] = [];
  const seen = new Map<string, string>();
  const plant = async (): Promise<void> => {
    for (const name of names) {
      // Letters only, as names and hosts allow, and 60 bits, so that none is met by chance.
      const canary = `zq${[...randomBytes(13)].map((byte) => String.fromCharCode(97 + (byte % 26))).join("")}`;
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
  seen.set("metrics", await (await fetch(`http://127.0.0.1:${proxy.metricsPort}/metrics`)).text());
  seen.set("health", await (await fetch(`http://127.0.0.1:${proxy.metricsPort}/readyz`)).text());
  // Past a flush of the inventory.
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  gather(seen, "running", installation.data);
  proxy.kill("SIGTERM");
  const { stdout, stderr } = await proxy.exited;
  seen.set("standard output", stdout);
  seen.set("log", stderr);
  gather(seen, "at rest", installation.folder);
  const records = await recordsOf(installation.data);
  assert.ok(records.length > 100, `${records.length} records`);
  const data = ["--data", installation.data];
  const commands = [
    ["records", "list", "--limit", "1000"],
    ["records", "list", "--format", "json", "--limit", "1000"],
    ["records", "incidents"],
    ["records", "verify"],
    ...["json", "ndjson", "csv"].map((format) => ["records", "export", "--format", format]),
    ...["html", "md", "json", "csv"].map((format) => ["report", "--format", format]),
    ["inventory", "list"],
    ...records.slice(0, 16).map((record) => ["records", "show", record.id]),
  ];
  for (const command of commands) {
    const { stdout: out, stderr: err } = await runCli(...command, ...data);
    assert.ok(out.length > 0, `${command.join(" ")}: ${err}`);
    seen.set(command.join(" "), out + err);
  }
  assert.ok(canaries.length >= 200);
  const found = [...seen].flatMap(([where, text]) =>
    canaries.filter((canary) => holds(text, canary)).map((canary) => `${where}: ${names[canaries.indexOf(canary) % names.length] ?? ""}`),
  );
  assert.deepEqual([...new Set(found)], []);
  context.diagnostic(
    `${canaries.length} canaries, ${records.length} records, ${seen.size} places searched, ${installation.vendor.received.length} exchanges let out`,
  );
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
