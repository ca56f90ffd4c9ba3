import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { startProxy } from "../../src/main.js";
import { openRecordArchive } from "../../src/record/record-archive.js";
import { EVENT_HUB, played, prepareInstallation, recordsOf, wireBytes } from "../support/installation.js";
import { throwUnlessCut } from "../support/load.js";
import { runCli } from "../support/proxy-process.js";
import { problemOf } from "../support/running-proxy.js";
import { openTunnel } from "../support/wire.js";

/* Upstream resets, DNS failures and a clock that jumps, all under load: kills, databases and disks have tests of their own. */

const SECONDS = Number(process.env["CHAOS_SECONDS"] ?? "30");
const CLIENTS = 6;
const HOUR = 3_600_000;
const JUMPS = [0, HOUR, -HOUR, 24 * HOUR, -24 * HOUR];
const visit = played("clean-page-visit");
const clean = wireBytes(visit);

test(`resets, failing names and clock jumps for ${SECONDS} s: every refusal that a client saw is on record, and occurrences add up`, {
  timeout: SECONDS * 1_000 + 120_000,
}, async (context) => {
  let resetting = false;
  let nameless = false;
  const installation = await prepareInstallation({
    answer: (_, response) => {
      if (resetting) response.socket?.destroy();
      else response.end("{}");
    },
  });
  context.after(() => installation.remove());
  // By a name, so that each new connection asks for it.
  writeFileSync(
    installation.settingsFile,
    readFileSync(installation.settingsFile, "utf8")
      .replaceAll(/127\.0\.0\.1(:\d+")/g, "vendor.test$1")
      .replaceAll('"vendor.test:0"', '"127.0.0.1:0"'),
  );
  const proxy = await startProxy(installation.settings(), {
    resolve: () => (nameless ? Promise.reject(new Error("SERVFAIL")) : Promise.resolve(["127.0.0.1"])),
  });
  // Also where the test fails: a proxy that goes on holds up the whole run.
  context.after(() => proxy.close());
  const port = proxy.addresses.proxy?.port ?? 0;
  const realNow = Date.now;
  let over = false;
  let cuts = 0;
  const statuses = new Map<number, number>();
  const seen = new Map<string, number>();
  const dirtyBodies = Array.from({ length: 40 }, (_, n) =>
    Buffer.from(visit.body.toString("utf8").replace('"description": null', `"description": "ask ines.moreau${n}@harbour-clinic.example"`)),
  );
  const client = async (): Promise<void> => {
    while (!over) {
      try {
        const wire = await openTunnel({ port, to: `${EVENT_HUB}:443`, ca: proxy.caPem });
        for (let n = randomInt(1, 5); n > 0 && !over; n -= 1) {
          const body = dirtyBodies[randomInt(dirtyBodies.length)] ?? Buffer.alloc(0);
          const answer = await wire.send(n % 2 === 0 ? clean : wireBytes(visit, {}, body)).answer();
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
          if (answer.status !== 403) continue;
          const { record } = problemOf(answer);
          assert.ok(record !== null, "a refusal without a record");
          seen.set(record, (seen.get(record) ?? 0) + 1);
          if (answer.headers.get("connection") === "close") break;
        }
        wire.close();
      } catch (error) {
        throwUnlessCut(error);
        cuts += 1;
      }
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, client));
  const jumps = { count: 0 };
  try {
    for (const end = realNow() + SECONDS * 1_000; realNow() < end; ) {
      resetting = randomInt(3) === 0;
      nameless = randomInt(3) === 0;
      if (randomInt(2) === 0) {
        const offset = JUMPS[randomInt(JUMPS.length)] ?? 0;
        jumps.count += 1;
        Date.now = () => realNow() + offset;
      }
      await pause(randomInt(100, 500));
    }
  } finally {
    Date.now = realNow;
    over = true;
    resetting = false;
    nameless = false;
  }
  await clients;
  const wire = await openTunnel({ port, to: `${EVENT_HUB}:443`, ca: proxy.caPem });
  assert.equal((await wire.send(clean).answer()).status, 200, "it serves as before");
  wire.close();
  await proxy.close();
  const kept = new Map((await recordsOf(installation.data)).map(({ id, occurrences }) => [id, occurrences]));
  // Where the store was late an answer names the exchange itself, which is an occurrence of its record: asked as an operator would ask for it.
  const toldOf = new Map<string, number>();
  const archive = await openRecordArchive(installation.data, undefined);
  try {
    for (const [id, times] of seen) {
      const record = await archive.reader.get(id);
      assert.ok(record !== undefined, `${id} was seen ${times} times, and is not kept`);
      toldOf.set(record.id, (toldOf.get(record.id) ?? 0) + times);
    }
  } finally {
    await archive.close();
  }
  for (const [id, times] of toldOf)
    assert.ok((kept.get(id) ?? 0) >= times, `${id} was seen ${times} times, and is kept ${kept.get(id) ?? 0} times`);
  const told = [...seen.values()].reduce((sum, times) => sum + times, 0);
  const counted = [...kept.values()].reduce((sum, times) => sum + times, 0);
  assert.ok(counted - told <= cuts, `${counted} are counted, ${told} were told, ${cuts} connections were cut`);
  const verified = await runCli("records", "verify", "--data", installation.data);
  assert.equal(verified.code, 0, verified.stdout);
  assert.ok((statuses.get(502) ?? 0) > 0 && told > 0, "there were faults, and refusals");
  context.diagnostic(
    `${jumps.count} clock jumps, ${statuses.get(502) ?? 0} upstream faults, ${statuses.get(200) ?? 0} let out, ${told} refusals seen in ${kept.size} records, ${cuts} cut connections: none lost`,
  );
});
