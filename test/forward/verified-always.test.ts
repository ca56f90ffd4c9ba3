import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { startProxy } from "../../src/main.js";
import { FaultsError } from "../../src/model/fault.js";
import { openAuthority } from "../../src/tls/authority.js";
import { played, prepareInstallation } from "../support/installation.js";
import { runCli } from "../support/proxy-process.js";
import { problemOf, stageFor } from "../support/running-proxy.js";
import { startParentProxy } from "../support/parent-proxy.js";

/* An environment that has Node believe any certificate (NODE_TLS_REJECT_UNAUTHORIZED=0) is no way past invariant 8. */

const VARIABLE = "NODE_TLS_REJECT_UNAUTHORIZED";
const visit = played("clean-page-visit");

before(() => Reflect.deleteProperty(process.env, VARIABLE));
after(() => Reflect.deleteProperty(process.env, VARIABLE));

test("the proxy does not start in it, and says what to do", async (context) => {
  const installation = await prepareInstallation();
  context.after(() => installation.remove());
  process.env[VARIABLE] = "0";
  const starting = startProxy(installation.settings());
  await assert.rejects(starting, (error: unknown) => {
    assert.ok(error instanceof FaultsError);
    assert.deepEqual(
      error.faults.map(({ where }) => where),
      [VARIABLE],
    );
    return true;
  });
  Reflect.deleteProperty(process.env, VARIABLE);
});

test("no other command runs in it either: what asks a PostgreSQL would believe whoever answers", async () => {
  process.env[VARIABLE] = "0";
  const { code, stdout, stderr } = await runCli("records", "list", "--store", "postgres://records@127.0.0.1:1/records");
  Reflect.deleteProperty(process.env, VARIABLE);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /NODE_TLS_REJECT_UNAUTHORIZED: It has Node\.js believe any certificate\. Unset it\./);
});

test("a vendor that nobody vouches for is refused in it all the same", async (context) => {
  // The vendor's CA is not among the roots.
  const stage = await stageFor(context, { settings: { inspection_threads: 0, upstream: { ca: [] } } });
  process.env[VARIABLE] = "0";
  const answer = await stage.post(visit);
  Reflect.deleteProperty(process.env, VARIABLE);
  assert.equal(problemOf(answer).code, "upstream-unreachable");
  assert.equal(stage.installation.vendor.received.length, 0);
});

test("so is a parent proxy", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "egress-verified-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const foreign = await openAuthority({ dir: folder, now: Date.now(), createIfMissing: true });
  const { certificatePem: cert, privateKeyPem: key } = await foreign.mint("127.0.0.1", Date.now());
  const parent = await startParentProxy({ dials: () => undefined, tls: { cert, key } });
  context.after(() => parent.close());
  const stage = await stageFor(context, {
    settings: { inspection_threads: 0, parent: { proxy: `https://127.0.0.1:${parent.port}` }, upstream: { connect_to: [] } },
  });
  process.env[VARIABLE] = "0";
  const answer = await stage.post(visit);
  Reflect.deleteProperty(process.env, VARIABLE);
  assert.equal(problemOf(answer).code, "upstream-unreachable");
  assert.deepEqual(parent.asked, []);
});
