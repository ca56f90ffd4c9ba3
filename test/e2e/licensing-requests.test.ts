import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { packageRoot } from "../../src/config/package-root.js";
import { HOST, limitedOthers } from "../gateway/licensing-policy.js";
import { prepareInstallation } from "../support/installation.js";
import { type ProxyProcess, runCli, spawnProxy } from "../support/proxy-process.js";

/* A licensing client as the vendor could write one: Python's requests behind HTTPS_PROXY, through the real command, with every other case limited. */

const PYTHON = "/usr/bin/python3";
const SKIP = existsSync("/usr/lib/python3/dist-packages/requests/__init__.py") ? false : "Debian's python3-requests is not installed.";
const TOLD = z.object({ status: z.number(), type: z.string().nullable(), body: z.string() });
const PROBLEM = z.object({ code: z.string(), case: z.string(), record: z.string(), message: z.string() });

test("a licensing client reports usage while every other case is limited; a name in its payload stays here, on record", {
  skip: SKIP,
}, async (context) => {
  const installation = await prepareInstallation({ hosts: [HOST], policy: limitedOthers });
  context.after(() => installation.remove());
  const proxy = await spawnProxy(installation.settingsFile);
  context.after(async () => {
    proxy.kill("SIGTERM");
    await proxy.exited;
  });
  const bundle = join(installation.folder, "bundle.pem");
  assert.equal((await runCli("ca", "bundle", "--certs", installation.certs, "--out", bundle)).code, 0);
  const usage = { license_id: "lic_8842", period: "2026-11", usage: { users: 14, annotations: 120_400 } };
  const clean = await post(proxy, bundle, usage);
  assert.equal(clean.status, 200, clean.body);
  assert.deepEqual(JSON.parse(installation.vendor.received[0]?.body.toString("utf8") ?? ""), usage);
  const refused = await post(proxy, bundle, { ...usage, licensee: "Dana Whitfield" });
  assert.deepEqual([refused.status, refused.type], [403, "application/problem+json"]);
  const problem = PROBLEM.parse(JSON.parse(refused.body));
  assert.equal(problem.case, "licensing");
  assert.equal(installation.vendor.received.length, 1);
  const shown = await runCli("records", "show", problem.record, "--data", installation.data);
  assert.equal(shown.code, 0, shown.stderr);
  assert.match(shown.stdout, /licensing/);
  assert.match(shown.stdout, /schema\/unknown-field/);
  assert.doesNotMatch(shown.stdout, /Whitfield/);
});

async function post({ port }: ProxyProcess, bundle: string, payload: unknown): Promise<z.output<typeof TOLD>> {
  const child = spawn(PYTHON, [join(packageRoot(), "test", "e2e", "python", "post.py")], {
    env: { PATH: process.env["PATH"], HTTPS_PROXY: `http://127.0.0.1:${port}`, REQUESTS_CA_BUNDLE: bundle },
  });
  const wanted = {
    method: "POST",
    url: `https://${HOST}/v1/usage`,
    body: JSON.stringify(payload),
    headers: { "Content-Type": "application/json" },
  };
  child.stdin.end(`${JSON.stringify(wanted)}\n`);
  let written = "";
  for await (const piece of child.stdout) written += String(piece);
  return TOLD.parse(JSON.parse(written));
}
