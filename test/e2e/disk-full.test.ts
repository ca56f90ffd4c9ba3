import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type Installation, played, prepareInstallation, recordsOf, wireBytes } from "../support/installation.js";
import { type ProxyProcess, runCli, spawnProxy } from "../support/proxy-process.js";
import { eventually, problemOf, scrape } from "../support/running-proxy.js";
import { openTunnel, type WireAnswer } from "../support/wire.js";

const mayMount = process.getuid?.() === 0;
const until = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
const MONITOR = `    mode: monitor\n    until: ${until}\n    reason: trial week\n    author: ops@customer.example`;

test("a full disk under the store: what has findings is refused and not forwarded, clean traffic goes on, nothing is lost", {
  skip: !mayMount && "mounting a tmpfs takes root",
}, async (context) => {
  // Monitored, so that some of what has findings would go out: on a full disk that may not.
  const installation = await prepareInstallation({ policy: (text) => text.replace("    mode: enforce", MONITOR) });
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=3m", "tmpfs", installation.data]);
  const proxy = await spawnProxy(installation.settingsFile);
  context.after(async () => {
    proxy.kill("SIGKILL");
    await proxy.exited;
    execFileSync("umount", ["-l", installation.data]);
    await installation.remove();
  });
  const ask = (name: string) => post(installation, proxy, name);
  const recorded: string[] = [];

  assert.equal((await ask("udt-track-email")).status, 200);
  recorded.push(String(problemOf(await ask("udt-annotation")).record));

  fill(installation.data);
  // Pages that the database has already may take a few more.
  let unavailable = 0;
  for (let n = 0; n < 400 && unavailable < 12; n += 1) {
    const problem = problemOf(await ask("udt-annotation"));
    if (problem.code === "record-unavailable") unavailable += 1;
    else recorded.push(String(problem.record));
    if (problem.code === "record-unavailable") assert.equal(problem.record, null);
  }
  assert.equal(unavailable, 12);
  const before = installation.vendor.received.length;
  for (let n = 0; n < 5; n += 1) {
    const answer = await ask("udt-track-email");
    assert.equal(answer.status, 403);
    assert.equal(problemOf(answer).code, "record-unavailable");
  }
  assert.equal(installation.vendor.received.length, before, "nothing with findings went out");
  for (let n = 0; n < 5; n += 1) assert.equal((await ask("clean-page-visit")).status, 200);
  assert.equal(installation.vendor.received.length, before + 5);
  assert.ok(
    ((await scrape(proxy.metricsPort)).value('egress_blocked_total{case="event-collection",reason="record-unavailable"}') ?? 0) >= 17,
  );

  rmSync(join(installation.data, "ballast"));
  await eventually("the record works again", async () => {
    const problem = problemOf(await ask("udt-annotation"));
    if (problem.record !== null) recorded.push(problem.record);
    return problem.code === "unexpected-data-transfer";
  });
  assert.equal((await ask("udt-track-email")).status, 200);
  await eventually("the spool is drained", async () => (await scrape(proxy.metricsPort)).value("egress_records_spooled") === 0);
  const kept = await recordsOf(installation.data);
  assert.deepEqual(
    recorded.filter((id) => !kept.some((record) => record.id === id)),
    [],
  );
  assert.equal(kept.filter(({ transferred }) => transferred).length, 2);
  const verified = await runCli("records", "verify", "--data", installation.data);
  assert.equal(verified.code, 0, verified.stdout + verified.stderr);
});

/** One request on a tunnel of its own; every time another UDT, as another event is. */
async function post(installation: Installation, { port }: ProxyProcess, name: string): Promise<WireAnswer> {
  const request = played(name);
  const body = Buffer.from(
    request.body
      .toString()
      .replace('"id": 70144', `"id": ${Math.floor(Math.random() * 1e9)}`)
      .replace("e81a44c2", randomUUID().slice(0, 8)),
  );
  const ca = readFileSync(join(installation.certs, "ca.crt"), "utf8");
  const wire = await openTunnel({ port, to: `${request.host}:443`, ca });
  try {
    return await wire.send(wireBytes(request, {}, body)).answer();
  } finally {
    wire.close();
  }
}

function fill(folder: string): void {
  const ballast = join(folder, "ballast");
  for (let size = 3 * 1024 * 1024; size >= 4_096; size = Math.floor(size / 2)) {
    try {
      writeFileSync(ballast, Buffer.alloc(size), { flag: "a" });
    } catch (error) {
      assert.match(String(error), /ENOSPC/);
    }
  }
  assert.equal(statfsSync(folder).bavail, 0);
}
