import assert from "node:assert/strict";
import { randomInt, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { z } from "zod";
import { EVENT_HUB, played, prepareInstallation, recordsOf, SEGMENT, wireBytes } from "../support/installation.js";
import { throwUnlessCut } from "../support/load.js";
import { runCli, spawnProxy } from "../support/proxy-process.js";
import { problemOf } from "../support/running-proxy.js";
import { openTunnel } from "../support/wire.js";

const SPEND_MS = 30_000;
/** CHAOS_KILLS says how many at least; in CI thirty. */
const KILLS = Number(process.env["CHAOS_KILLS"] ?? (process.env["CI"] === undefined ? "1" : "30"));
const CLIENTS = 6;
const LIST = z.array(z.object({ id: z.string(), occurrences: z.number() }));

test("kill -9 at random moments under load: every refusal that a client saw is in the record, without a restart", async (context) => {
  const installation = await prepareInstallation({ settings: { log: { level: "error" } } });
  context.after(() => installation.remove());
  const identify = played("udt-identify");
  const clean = wireBytes(played("clean-page-visit"));
  const seen: string[] = [];
  const end = Date.now() + SPEND_MS;
  let rounds = 0;
  for (; rounds < KILLS || Date.now() < end; rounds += 1) {
    const proxy = await spawnProxy(installation.settingsFile);
    const ca = readFileSync(join(installation.certs, "ca.crt"), "utf8");
    let dead = false;
    const client = async (): Promise<void> => {
      while (!dead) {
        const wire = await openTunnel({ port: proxy.port, to: `${SEGMENT}:443`, ca });
        // A few on one tunnel, then a new one: both of a client's habits.
        for (let n = 0; n < 5 && !dead; n += 1) {
          const body = Buffer.from(identify.body.toString().replace(/"messageId": "[^"]+"/, `"messageId": "${randomUUID()}"`));
          const problem = problemOf(await wire.send(wireBytes(identify, {}, body)).answer());
          assert.equal(problem.code, "unexpected-data-transfer");
          seen.push(String(problem.record));
        }
        wire.close();
      }
    };
    const cleanClient = async (): Promise<void> => {
      const wire = await openTunnel({ port: proxy.port, to: `${EVENT_HUB}:443`, ca });
      while (!dead) await wire.send(clean).answer();
    };
    const before = seen.length;
    const clients = [...Array.from({ length: CLIENTS }, client), cleanClient()].map((running) => running.catch(throwUnlessCut));
    while (seen.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, randomInt(600)));
    proxy.kill("SIGKILL");
    // What was answered before the kill may still be read; then the connections are cut.
    dead = true;
    assert.equal((await proxy.exited).signal, "SIGKILL");
    await Promise.all(clients);
    const kept = new Set((await recordsOf(installation.data)).map(({ id }) => id));
    assert.deepEqual(
      seen.filter((id) => !kept.has(id)),
      [],
      `round ${rounds}`,
    );
  }
  assert.equal(new Set(seen).size, seen.length);
  const listed = await runCli("records", "list", "--data", installation.data, "--format", "json", "--limit", "1000");
  assert.equal(listed.code, 0, listed.stderr);
  assert.ok(LIST.parse(JSON.parse(listed.stdout)).every(({ occurrences }) => occurrences === 1));
  const verified = await runCli("records", "verify", "--data", installation.data);
  assert.equal(verified.code, 0, verified.stdout);
  context.diagnostic(`${rounds} kills, ${seen.length} refusals seen, none lost`);
});
