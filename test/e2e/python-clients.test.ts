import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { z } from "zod";
import { packageRoot } from "../../src/config/package-root.js";
import type { PlayedRequest } from "../../src/cli/demo/played-request.js";
import { type Installation, played, prepareInstallation, SEGMENT, traffic } from "../support/installation.js";
import { type ProxyProcess, runCli, spawnProxy } from "../support/proxy-process.js";
import { scrape } from "../support/running-proxy.js";

/* Debian's python3-requests, with the settings that Diffgram's pods get, through the real command to a vendor with TLS of its own. */

const PYTHON = "/usr/bin/python3";
const SCRIPTS = join(packageRoot(), "test", "e2e", "python");
const SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
const TOLD = z
  .object({ status: z.number(), type: z.string().nullable(), body: z.string() })
  .or(z.object({ error: z.string(), text: z.string() }));
const SEGMENT_END = z.object({ posts: z.number(), outcome: z.string(), code: z.string().nullable() });
const RECORDS = z.array(z.object({ id: z.string(), occurrences: z.number(), reason: z.string().nullable(), transferred: z.boolean() }));

let installation: Installation;
let proxy: ProxyProcess;
let bundle: string;

before(async () => {
  installation = await prepareInstallation();
  proxy = await spawnProxy(installation.settingsFile);
  bundle = join(installation.folder, "bundle.pem");
  assert.equal((await runCli("ca", "bundle", "--certs", installation.certs, "--out", bundle)).code, 0);
});
after(async () => {
  proxy.kill("SIGTERM");
  await proxy.exited;
  await installation.remove();
});

test("Python and requests are Debian's", () => {
  assert.match(execFileSync(PYTHON, ["-c", "import requests; print(requests.__version__)"]).toString(), /^2\./);
});

for (const request of traffic()) {
  const clean = request.name.startsWith("clean-");
  test(`requests posts ${request.name}: ${clean ? "it arrives byte for byte" : "403, and nothing arrives"}`, async () => {
    const before = installation.vendor.received.length;
    const told = await post(request);
    const arrived = installation.vendor.received.slice(before);
    assert.ok("status" in told, JSON.stringify(told));
    if (clean) {
      assert.equal(told.status, 200);
      assert.deepEqual(
        arrived.map(({ body }) => body.toString()),
        [request.body.toString()],
      );
      return;
    }
    assert.deepEqual([told.status, told.type], [403, "application/problem+json"]);
    assert.deepEqual(arrived, []);
  });
}

test("the pinned Segment client posts a refused batch five times: one record with five occurrences", async () => {
  const end = await sendBatch("pinned", played("udt-identify"));
  assert.deepEqual([end.posts, end.outcome], [5, "gave up"]);
  const withFive = (await listed()).filter(({ occurrences }) => occurrences === 5);
  assert.equal(withFive.length, 1);
  assert.deepEqual([withFive[0]?.reason, withFive[0]?.transferred], ["unexpected-data-transfer", false]);
});

test("the newer Segment client takes the refusal for final, by its code and message", async () => {
  assert.deepEqual(await sendBatch("newer", played("udt-track-email")), { posts: 1, outcome: "final", code: "unexpected-data-transfer" });
});

test("both Segment clients get a clean batch through at once", async () => {
  const before = installation.vendor.received.length;
  for (const shape of ["pinned", "newer"] as const)
    assert.deepEqual(await sendBatch(shape, played("clean-system-startup.segment")), { posts: 1, outcome: "sent", code: null });
  assert.equal(installation.vendor.received.length, before + 2);
});

test("requests takes a refused CONNECT for a ProxyError", async () => {
  const told = await post({ ...played("clean-page-visit"), host: "unknown.example" });
  assert.ok("error" in told);
  assert.equal(told.error, "ProxyError");
  assert.match(told.text, /403/);
});

test("a client without the bundle distrusts the proxy; the failure is counted", {
  skip: !existsSync(SYSTEM_BUNDLE) && "no system bundle",
}, async () => {
  const told = await post(played("clean-page-visit"), SYSTEM_BUNDLE);
  assert.ok("error" in told);
  assert.equal(told.error, "SSLError");
  const metrics = await scrape(proxy.metricsPort);
  assert.equal(metrics.value('egress_tls_failures_total{side="client",reason="client-distrusts-ca"}'), 1);
});

function environment(roots = bundle): NodeJS.ProcessEnv {
  const through = `http://127.0.0.1:${proxy.port}`;
  return { PATH: process.env["PATH"], HTTPS_PROXY: through, HTTP_PROXY: through, NO_PROXY: "", REQUESTS_CA_BUNDLE: roots };
}

async function post({ method, host, path, headers, body }: PlayedRequest, roots?: string): Promise<z.output<typeof TOLD>> {
  const { Host: _, ...fields } = headers;
  const wanted = { method, url: `https://${host}${path}`, headers: fields, body: body.toString() };
  return TOLD.parse(JSON.parse(await python("post.py", [], `${JSON.stringify(wanted)}\n`, roots)));
}

async function sendBatch(shape: "pinned" | "newer", { path, body }: PlayedRequest): Promise<z.output<typeof SEGMENT_END>> {
  return SEGMENT_END.parse(
    JSON.parse(await python("segment.py", [shape, `https://${SEGMENT}${path}`, "wk_demo_2468135790"], body.toString())),
  );
}

async function python(script: string, args: readonly string[], input: string, roots?: string): Promise<string> {
  const child = spawn(PYTHON, [join(SCRIPTS, script), ...args], { env: environment(roots), stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.end(input);
  const pieces: Buffer[] = [];
  child.stdout.on("data", (piece: Buffer) => pieces.push(piece));
  await new Promise((resolve) => child.once("close", resolve));
  return Buffer.concat(pieces).toString();
}

async function listed(): Promise<z.output<typeof RECORDS>> {
  const { code, stdout } = await runCli("records", "list", "--data", installation.data, "--format", "json");
  assert.equal(code, 0);
  return RECORDS.parse(JSON.parse(stdout));
}
