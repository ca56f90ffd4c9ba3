import assert from "node:assert/strict";
import { createServer as createPlain } from "node:http";
import { createServer as createTcp, type Server } from "node:net";
import { tmpdir } from "node:os";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createServer as createTls } from "node:tls";
import { type Authority, openAuthority } from "../../src/tls/authority.js";
import { played, wireBytes } from "../support/installation.js";
import { problemOf, raiseStage, type Stage } from "../support/running-proxy.js";
import { Wire } from "../support/wire.js";

/* Where the way to the upstream fails: destinations of the operator's own, each with a fault. */

const FAULTY = ["refused", "wrong-name", "expired", "untrusted", "silent", "not-tls"] as const;
const visit = played("clean-page-visit");
const reached: string[] = [];
const servers: Server[] = [];
let foreignCa: string;
let stage: Stage;

before(async () => {
  foreignCa = mkdtempSync(join(tmpdir(), "egress-foreign-ca-"));
  const foreign = await openAuthority({ dir: foreignCa, now: Date.now(), createIfMissing: true });
  const ports = new Map<string, number>();
  const connectTo = FAULTY.map((name) => `${name}.example:443:127.0.0.1:PORT-${name}`);
  const plain = createPlain((request, response) => {
    reached.push(`${request.method} ${request.headers.host}${request.url}`);
    request.resume().on("end", () => response.end("plain"));
  });
  const plainPort = await listening(plain);
  // The vendor's CA is made with the stage, so the ports that need its leaves are found before and served after.
  const leaves = new Map<string, (vendor: Authority) => Promise<{ certificatePem: string; privateKeyPem: string }>>([
    ["wrong-name", (vendor) => vendor.mint("another.example", Date.now())],
    ["expired", (vendor) => vendor.mint("expired.example", Date.now() - 200 * 86_400_000)],
    ["untrusted", () => foreign.mint("untrusted.example", Date.now())],
  ]);
  for (const name of FAULTY) ports.set(name, await freePort());
  stage = await raiseStage({
    policy: (text) =>
      text.replace(
        /^destinations: \[\]$/m,
        `destinations:\n${[...FAULTY.map((name) => destination(name, `${name}.example`)), destination("loopback-name", "localhost"), destination("loopback-number", "127.0.0.1"), destination("plain", "plain.example", "scheme: http")].join("")}`,
      ),
    connectTo: [
      ...connectTo.map((entry) => entry.replace(/PORT-(.*)$/, (_, name: string) => String(ports.get(name)))),
      `plain.example:80:127.0.0.1:${plainPort}`,
    ],
    settings: { upstream: { connect_ms: 400 } },
  });
  for (const [name, mint] of leaves) {
    const { certificatePem, privateKeyPem } = await mint(stage.installation.vendorAuthority);
    const server = createTls({ cert: certificatePem, key: privateKeyPem }, (socket) => socket.on("data", () => reached.push(name)));
    server.on("tlsClientError", () => undefined);
    await listening(server, ports.get(name));
  }
  await listening(
    createTcp(() => undefined),
    ports.get("silent"),
  );
  await listening(
    createTcp((socket) => socket.end("220 mail.example ESMTP\r\n")),
    ports.get("not-tls"),
  );
});
after(async () => {
  await stage.close();
  for (const server of servers) server.close();
  rmSync(foreignCa, { recursive: true });
});

const ROWS: readonly (readonly [(typeof FAULTY)[number], string, number, string])[] = [
  ["refused", "a port where nobody listens", 502, "connect"],
  ["wrong-name", "a certificate for another name", 502, "tls"],
  ["expired", "a certificate past its time", 502, "tls"],
  ["untrusted", "a certificate of a CA that nobody named", 502, "tls"],
  ["silent", "a server that never shakes hands", 504, "timeout"],
  ["not-tls", "a server that speaks no TLS", 502, "tls"],
];

for (const [name, sentence, status, kind] of ROWS) {
  test(`${sentence} is a ${status}, counted as ${kind}, and no byte of the request leaves`, async () => {
    const answer = await stage.post({ ...visit, host: `${name}.example` }, wireBytes(visit, { Host: `${name}.example` }));
    assert.equal(answer.status, status);
    const problem = problemOf(answer);
    assert.deepEqual([problem.record, problem.case], [null, "operator"]);
    assert.equal((await stage.metrics()).value(`egress_upstream_errors_total{destination="${name}",kind="${kind}"}`), 1);
    assert.deepEqual(
      reached.filter((place) => place === name),
      [],
    );
  });
}

test("a host of the policy whose name leads to this machine is refused by the address guard, recorded and counted once", async () => {
  const problem = problemOf(await stage.post({ ...visit, host: "localhost" }, wireBytes(visit, { Host: "localhost" })));
  assert.equal(problem.code, "address-refused");
  const record = (await stage.records()).find(({ id }) => id === problem.record);
  assert.deepEqual([record?.reason, record?.transferred, record?.destination], ["address-refused", false, "loopback-name"]);
  const metrics = await stage.metrics();
  assert.equal(metrics.value('egress_requests_total{case="operator",destination="loopback-name",verdict="block"}'), 1);
  assert.equal(metrics.value('egress_requests_total{case="operator",destination="loopback-name",verdict="allow"}'), 0);
});

test("an address of the policy that is this machine's is refused likewise; a handshake without SNI is right for an address", async () => {
  const wire = await stage.tunnel("127.0.0.1", { serverName: "" });
  const problem = problemOf(await wire.send(wireBytes(visit, { Host: "127.0.0.1" })).answer());
  wire.close();
  assert.equal(problem.code, "address-refused");
});

test("an absolute-form request to a plain destination of the operator's goes out, another is refused, on one connection", async () => {
  const wire = await Wire.open(stage.port);
  const absolute = (to: string, host: string): Buffer =>
    Buffer.from(wireBytes(visit, { Host: host }).toString("latin1").replace("POST /", `POST ${to}/`), "latin1");
  const good = await wire.send(absolute("http://plain.example", "plain.example")).answer();
  assert.deepEqual([good.status, good.body.toString()], [200, "plain"]);
  assert.deepEqual(reached.at(-1), "POST plain.example/api/walrus/eventhub/new");
  const overTls = problemOf(await wire.send(absolute("http://app.diffgram.com", "app.diffgram.com")).answer());
  assert.equal(overTls.code, "scheme-not-allowed");
  const mismatched = problemOf(await wire.send(absolute("http://plain.example", "app.diffgram.com")).answer());
  wire.close();
  assert.equal(mismatched.code, "target-mismatch");
});

function destination(name: string, host: string, more = ""): string {
  const routes =
    "    routes: [{ methods: [POST], path: /api/walrus/eventhub/new, content_types: [application/json], schema: event-hub }]\n";
  return `  - name: ${name}\n    host: ${host}\n${more === "" ? "" : `    ${more}\n`}${routes}`;
}

async function listening(server: Server, port = 0): Promise<number> {
  await new Promise<void>((resolve) => server.listen({ host: "127.0.0.1", port }, resolve));
  servers.push(server);
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function freePort(): Promise<number> {
  const server = createTcp();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}
