import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test, type TestContext } from "node:test";
import { type Authority, openAuthority } from "../../src/tls/authority.js";
import { EVENT_HUB, type InstallationWish, played, prepareInstallation, recordsOf, SEGMENT, wireBytes } from "../support/installation.js";
import { type ParentProxy, type ParentWish, startParentProxy } from "../support/parent-proxy.js";
import { runCli, spawnProxy } from "../support/proxy-process.js";
import { problemOf, raiseStage, type Stage, stageFor } from "../support/running-proxy.js";
import { openTunnel } from "../support/wire.js";

/* A corporate parent in front of the internet: a real CONNECT proxy over real sockets, with and without TLS and credentials. */

const visit = played("clean-page-visit");
const PASSWORD = "quiet:harbour 77";
const CREDENTIALS = `egress:${PASSWORD}`;
const ENCODED = Buffer.from(CREDENTIALS).toString("base64");
const NO_CONNECT = { upstream: { connect_to: [] } };
const neverAsked = (): Promise<never> => Promise.reject(new Error("A name was resolved here."));

let folder: string;
let parentCa: Authority;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "egress-parent-"));
  parentCa = await openAuthority({ dir: join(folder, "parent-ca"), now: Date.now(), createIfMissing: true });
});
after(() => rmSync(folder, { recursive: true }));

/** A parent that dials the vendor of the stage that is raised after it. */
async function parentFor(context: TestContext, wish: Partial<ParentWish> = {}) {
  let vendorPort = 0;
  const parent = await startParentProxy({ dials: () => vendorPort, ...wish });
  context.after(() => parent.close());
  const raise = async (more: InstallationWish = {}): Promise<Stage> => {
    const stage = await stageFor(context, {
      resolve: neverAsked,
      ...more,
      settings: { parent: { proxy: `http://127.0.0.1:${parent.port}` }, ...NO_CONNECT, ...more.settings },
    });
    vendorPort = stage.installation.vendor.port;
    return stage;
  };
  return { parent, raise };
}

/** A file that only its owner may read. */
function secretFile(text: string): string {
  const path = join(mkdtempSync(join(folder, "secret-")), "credentials");
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** A destination of the operator's own, by name, with one more line. */
function own(name: string, more: string): string {
  const routes = `[{ methods: [POST], path: ${visit.path}, content_types: [application/json], schema: event-hub }]`;
  return `  - { name: ${name}, host: ${name}.example, ${more}, routes: ${routes} }\n`;
}

test("behind the default parent every destination is asked for by name, and nothing is resolved here", async (context) => {
  const { parent, raise } = await parentFor(context);
  const stage = await raise();
  assert.equal((await stage.post(visit)).status, 200);
  const track = played("clean-system-startup.segment");
  assert.equal((await stage.post(track)).status, 200);
  assert.deepEqual(
    parent.asked.map(({ place, fields }) => [place, fields.get("host"), fields.get("proxy-authorization")]),
    [
      [`${EVENT_HUB}:443`, `${EVENT_HUB}:443`, undefined],
      [`${SEGMENT}:443`, `${SEGMENT}:443`, undefined],
    ],
  );
  assert.deepEqual(
    stage.installation.vendor.received.map(({ host }) => host),
    [EVENT_HUB, SEGMENT],
  );
});

test("a record says per destination that the parent resolves, and says nothing where this proxy does", async (context) => {
  const { parent, raise } = await parentFor(context);
  const stage = await raise({ policy: (text) => text.replace("host: api.segment.io\n", "host: api.segment.io\n        parent: direct\n") });
  const dirty = Buffer.from(
    visit.body.toString("utf8").replace('"description": null', '"description": "ask ines.moreau@harbour-clinic.example"'),
  );
  assert.equal((await stage.post(visit, wireBytes(visit, {}, dirty))).status, 403);
  const track = played("clean-system-startup.segment");
  assert.equal((await stage.post(track, wireBytes({ ...track, path: "/v1/other" }))).status, 403);
  const via = Object.fromEntries((await stage.records()).map((record) => [record.destination, record.via]));
  assert.deepEqual(via, { "event-hub": `127.0.0.1:${parent.port}`, segment: null });
  assert.deepEqual(parent.asked, [], "a refused exchange opens no tunnel");
  const verified = await runCli("records", "verify", "--data", stage.installation.data);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
  const shown = await runCli("records", "list", "--data", stage.installation.data);
  const [id] = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(shown.stdout) ?? [];
  const pages = await Promise.all(
    (await stage.records()).map(({ id: one }) => runCli("records", "show", one, "--data", stage.installation.data)),
  );
  assert.ok(id !== undefined);
  assert.equal(
    pages.filter(({ stdout }) => stdout.includes(`the parent proxy 127.0.0.1:${parent.port}, which resolves the name`)).length,
    1,
  );
});

test("a destination's own parent, connect and direct beat the default; --connect-to beats them all", async (context) => {
  const other = await startParentProxy({ dials: () => undefined });
  context.after(() => other.close());
  const { parent, raise } = await parentFor(context);
  const hosts = ["own.example", "direct.example", "connected.example", "asked.example"];
  const looked: string[] = [];
  const stage = await raise({
    hosts,
    resolve: (host) => {
      looked.push(host);
      return Promise.resolve(["127.0.0.1"]);
    },
    policy: (text) =>
      text.replace(
        /^destinations: \[\]$/m,
        `destinations:\n${own("own", `parent: "http://127.0.0.1:${other.port}"`)}${own("direct", "parent: direct")}${own("connected", `connect: "127.0.0.1:9"`)}${own("asked", `parent: "http://127.0.0.1:${other.port}"`)}`,
      ),
    settings: { upstream: { connect_to: ["asked.example:443:127.0.0.1:9"] } },
  });
  const answers = new Map<string, readonly [number, string]>();
  for (const host of hosts) {
    const answer = await stage.post({ ...visit, host }, wireBytes(visit, { Host: host }));
    answers.set(host, [answer.status, problemOf(answer).detail]);
  }
  assert.deepEqual(answers.get("own.example"), [502, "The parent proxy refused the tunnel (403)."]);
  assert.equal(answers.get("direct.example")?.[0], 403, "resolved here, and judged here");
  assert.match(answers.get("connected.example")?.[1] ?? "", /ECONNREFUSED/);
  assert.match(answers.get("asked.example")?.[1] ?? "", /ECONNREFUSED/);
  assert.deepEqual(looked, ["direct.example"]);
  assert.deepEqual([other.asked.map(({ place }) => place), parent.asked], [["own.example:443"], []]);
});

test("an address that is not on the public internet is refused here, whoever would dial it", async (context) => {
  const { parent, raise } = await parentFor(context);
  const stage = await raise({
    policy: (text) =>
      text.replace(
        /^destinations: \[\]$/m,
        `destinations:\n  - { name: metadata, host: 169.254.169.254, routes: [{ methods: [POST], path: ${visit.path}, content_types: [application/json], schema: event-hub }] }\n`,
      ),
  });
  const wire = await stage.tunnel("169.254.169.254", { serverName: "" });
  const problem = problemOf(await wire.send(wireBytes(visit, { Host: "169.254.169.254" })).answer());
  wire.close();
  assert.deepEqual([problem.code, parent.asked], ["address-refused", []]);
});

test("a parent over TLS is verified by its own CA, asked with credentials, and the vendor sees none of them", async (context) => {
  const leaf = await parentCa.mint("127.0.0.1", Date.now());
  const { parent, raise } = await parentFor(context, {
    tls: { cert: leaf.certificatePem, key: leaf.privateKeyPem },
    credentials: CREDENTIALS,
  });
  const stage = await raise({
    settings: {
      parent: {
        proxy: `https://127.0.0.1:${parent.port}`,
        ca: [join(folder, "parent-ca", "ca.crt")],
        credentials_file: secretFile(`# of the network team\n127.0.0.1:${parent.port} ${CREDENTIALS}\n`),
      },
    },
  });
  assert.equal((await stage.post(visit)).status, 200);
  assert.equal(parent.asked[0]?.fields.get("proxy-authorization"), `Basic ${ENCODED}`);
  assert.ok(
    !JSON.stringify(stage.installation.vendor.received.map(({ headers }) => headers))
      .toLowerCase()
      .includes("proxy"),
  );
});

const LIKE_NONE = "127.0.0.1";

/** Parents that fail, each of a destination of its own: what it does, its answer or certificate, and what the client and the metrics say. */
const FAULTS: readonly (readonly [
  name: string,
  sentence: string,
  wish: Partial<ParentWish> & { certificateFor?: string },
  status: number,
  kind: string,
  detail: RegExp,
])[] = [
  ["refusing", "refuses the tunnel", {}, 502, "parent", /refused the tunnel \(403\)/],
  ["asking", "asks for credentials that nobody gave", { credentials: CREDENTIALS }, 502, "parent", /credentials.*407/],
  ["other-protocol", "answers with no HTTP", { answer: "220 mail.example ESMTP\r\n\r\n" }, 502, "parent", /did not answer CONNECT as HTTP/],
  [
    "endless",
    "answers with a head that never ends",
    { answer: `HTTP/1.1 200 OK\r\nX: ${"a".repeat(20_000)}` },
    502,
    "parent",
    /more than a head/,
  ],
  ["closing", "closes in the middle of its answer", { answer: "HTTP/1.1 200" }, 502, "parent", /closed the connection/],
  [
    "redirecting",
    "answers with a page's address",
    { answer: "HTTP/1.1 302 Found\r\nLocation: http://login.corp.example/\r\n\r\n" },
    502,
    "parent",
    /\(302\)/,
  ],
  [
    "captive",
    "opens the tunnel and speaks first",
    { answer: "HTTP/1.1 200 OK\r\n\r\n<html>captive</html>" },
    502,
    "tls",
    /connection failed/,
  ],
  ["silent", "never answers", { answer: "" }, 504, "timeout", /in time/],
  ["another", "has another's certificate", { certificateFor: "another.example" }, 502, "parent", /could not be used/],
  ["untrusted", "is signed by a CA that nobody named", { certificateFor: LIKE_NONE }, 502, "parent", /could not be used/],
  ["gone", "is not there", {}, 502, "parent", /ECONNREFUSED/],
  ["misleading", "leads to somebody else's server", {}, 502, "tls", /connection failed/],
];

describe("a parent that fails", () => {
  const parents = new Map<string, ParentProxy>();
  let elsewhere: ParentProxy;
  let stage: Stage;

  before(async () => {
    const stranger = await openAuthority({ dir: join(folder, "stranger-ca"), now: Date.now(), createIfMissing: true });
    const forged = await stranger.mint("misleading.example", Date.now());
    elsewhere = await startParentProxy({ dials: () => undefined, tls: { cert: forged.certificatePem, key: forged.privateKeyPem } });
    const say: string[] = [];
    for (const [name, , { certificateFor, ...wish }] of FAULTS) {
      const leaf = certificateFor && (await (certificateFor === LIKE_NONE ? stranger : parentCa).mint(certificateFor, Date.now()));
      const tls = leaf ? { tls: { cert: leaf.certificatePem, key: leaf.privateKeyPem } } : {};
      const parent = await startParentProxy({ dials: () => (name === "misleading" ? elsewhere.port : undefined), ...wish, ...tls });
      parents.set(name, parent);
      say.push(own(name, `parent: "${leaf ? "https" : "http"}://127.0.0.1:${parent.port}"`));
    }
    await parents.get("gone")?.close();
    stage = await raiseStage({
      resolve: neverAsked,
      policy: (text) => text.replace(/^destinations: \[\]$/m, `destinations:\n${say.join("")}`),
      settings: { upstream: { connect_ms: 1_000 }, parent: { ca: [join(folder, "parent-ca", "ca.crt")] } },
    });
  });
  after(async () => {
    await stage.close();
    await elsewhere.close();
    for (const [name, parent] of parents) if (name !== "gone") await parent.close();
  });

  for (const [name, sentence, { certificateFor }, status, kind, detail] of FAULTS) {
    test(`one that ${sentence} is a ${status}, counted as ${kind}, and no byte of the request leaves`, async () => {
      const answer = await stage.post({ ...visit, host: `${name}.example` }, wireBytes(visit, { Host: `${name}.example` }));
      assert.equal(answer.status, status);
      assert.match(problemOf(answer).detail, detail);
      assert.equal((await stage.metrics()).value(`egress_upstream_errors_total{destination="${name}",kind="${kind}"}`), 1);
      if (certificateFor !== undefined) assert.deepEqual(parents.get(name)?.asked, [], "not even the CONNECT was sent");
      assert.deepEqual([stage.installation.vendor.received, elsewhere.asked], [[], []]);
    });
  }
});

test("the credentials stand in no log, record, metric or print of the settings", async (context) => {
  let vendorPort = 0;
  const parent: ParentProxy = await startParentProxy({ dials: () => vendorPort, credentials: "egress:another" });
  context.after(() => parent.close());
  const installation = await prepareInstallation({
    settings: { parent: { proxy: `http://127.0.0.1:${parent.port}`, credentials: CREDENTIALS }, ...NO_CONNECT, log: { level: "debug" } },
  });
  context.after(() => installation.remove());
  vendorPort = installation.vendor.port;
  const proxy = await spawnProxy(installation.settingsFile);
  const caPem = readFileSync(join(installation.certs, "ca.crt"), "utf8");
  const wire = await openTunnel({ port: proxy.port, to: `${EVENT_HUB}:443`, ca: caPem });
  const answer = await wire.send(wireBytes(visit)).answer();
  wire.close();
  assert.equal(answer.status, 502);
  assert.equal(parent.asked[0]?.fields.get("proxy-authorization"), `Basic ${ENCODED}`, "they were sent to the parent");
  const metrics = await (await fetch(`http://127.0.0.1:${proxy.metricsPort}/metrics`)).text();
  proxy.kill("SIGTERM");
  const { stdout, stderr } = await proxy.exited;
  const printed = await runCli("config", "--effective", "--config", installation.settingsFile);
  assert.equal(printed.code, 0, printed.stderr);
  assert.match(printed.stdout, /credentials: "\*{8}"/);
  const written = [
    stdout,
    stderr,
    metrics,
    printed.stdout,
    answer.body.toString(),
    JSON.stringify(await recordsOf(installation.data)),
  ].join("\n");
  assert.match(written, /The destination failed/, "the failure itself is logged");
  for (const secret of [PASSWORD, ENCODED, CREDENTIALS]) assert.ok(!written.includes(secret), "a secret was written");
});

test("credentials that can't be used are faults that say where, and hold no credential", async (context) => {
  const open = secretFile(`127.0.0.1:3128 ${CREDENTIALS}\n`);
  chmodSync(open, 0o644);
  const rows: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
    [{ credentials_file: open }, /Others than the owner and group/],
    [{ credentials_file: join(folder, "nowhere") }, /can't be read/],
    [
      { credentials_file: secretFile(`127.0.0.1:3128 ${PASSWORD.replace(":", "")}\nproxy ${CREDENTIALS}\n`) },
      /credentials:1[\s\S]*credentials:2/,
    ],
    [{ credentials_file: secretFile(`127.0.0.1:3128 a:b\n127.0.0.1:3128 ${CREDENTIALS}\n`) }, /The parent stands twice/],
    [{ credentials: CREDENTIALS }, /No parent is named/],
    [{ proxy: `http://${CREDENTIALS.replace(" ", "")}@127.0.0.1:3128` }, /parent\.proxy must be http:\/\/HOST:PORT/],
  ];
  for (const [parent, says] of rows) {
    const installation = await prepareInstallation({ settings: { parent } });
    context.after(() => installation.remove());
    const { code, stderr } = await runCli("check", "--config", installation.settingsFile);
    assert.equal(code, 1);
    assert.match(stderr, says);
    assert.ok(!stderr.includes("harbour"), stderr);
  }
});
