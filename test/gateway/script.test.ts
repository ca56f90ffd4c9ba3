import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { VendorAnswer } from "../../src/cli/demo/stand-in-vendor.js";
import type { InventoryItem } from "../../src/model/console-ports.js";
import { openRecordArchive } from "../../src/record/record-archive.js";
import { runCli } from "../support/proxy-process.js";
import { eventually, problemOf, type Stage, stageFor } from "../support/running-proxy.js";
import type { WireAnswer } from "../support/wire.js";

const TAGS = "www.googletagmanager.com";

function container(version: number, host: string): string {
  return `// Container\nvar data={"resource":{"version":"${version}","macros":[]}};var to="https://${host}/g/collect";var cdn="www.googletagmanager.com";`;
}

function digestOf(script: string): string {
  return `sha256-${createHash("sha256").update(script).digest("base64")}`;
}

/** The shipped policy, or one that serves no script but those. */
function pinning(...scripts: readonly string[]): (text: string) => string {
  return (text) => text.replace("script: watched", `script: { pinned: [${scripts.map((script) => `"${digestOf(script)}"`).join(", ")}] }`);
}

async function raise(context: TestContext, answer: VendorAnswer, policy?: (text: string) => string): Promise<Stage> {
  return stageFor(context, { hosts: [TAGS], answer, settings: { inspection_threads: 0 }, ...(policy === undefined ? {} : { policy }) });
}

async function load(stage: Stage, fields = "Accept-Encoding: gzip, br\r\n"): Promise<WireAnswer> {
  const wire = await stage.tunnel(TAGS);
  try {
    return await wire.send(`GET /gtm.js?id=GTM-ABC1234 HTTP/1.1\r\nHost: ${TAGS}\r\n${fields}\r\n`).answer("GET");
  } finally {
    wire.close();
  }
}

async function inventory(stage: Stage): Promise<readonly InventoryItem[]> {
  const archive = await openRecordArchive(stage.installation.data, undefined);
  try {
    return (await archive.inventory.all()).filter(({ path }) => path.startsWith("answer "));
  } finally {
    await archive.close();
  }
}

test("a script that changed, or names a new host, is a material change, and reaches browsers as it came", async (context) => {
  let script = container(41, "www.google-analytics.com");
  const stage = await raise(context, (_, response) => {
    response.setHeader("Content-Type", "application/javascript");
    response.end(script);
  });
  assert.equal((await load(stage)).body.toString("utf8"), script);
  assert.equal((await load(stage)).body.toString("utf8"), script);
  await eventually("the first script is in the inventory", async () => (await inventory(stage)).length === 3);
  const accepted = await runCli("inventory", "accept", "--data", stage.installation.data, "--by", "Ines Moreau");
  assert.equal(accepted.code, 0, accepted.stderr);
  assert.deepEqual(
    (await inventory(stage)).map(({ path, type, count, materialChange }) => [path, type, count, materialChange]),
    [
      ["answer /gtm.js", `script ${digestOf(script)} version 41`, 2, false],
      ["answer /gtm.js names www.google-analytics.com", "host", 2, false],
      ["answer /gtm.js names www.googletagmanager.com", "host", 2, false],
    ],
  );
  script = container(42, "collect.tracker.example");
  assert.equal((await load(stage)).body.toString("utf8"), script);
  await eventually("the changed script is in the inventory", async () => (await inventory(stage)).length === 5);
  assert.deepEqual(
    (await inventory(stage)).filter(({ materialChange }) => materialChange).map(({ path, type }) => [path, type]),
    [
      ["answer /gtm.js", `script ${digestOf(script)} version 42`],
      ["answer /gtm.js names collect.tracker.example", "host"],
    ],
  );
  const changes = await runCli("inventory", "changes", "--data", stage.installation.data);
  assert.equal(changes.code, 1);
  assert.match(changes.stdout, /collect\.tracker\.example/);
});

test("where scripts are pinned a changed one is not handed on, and its record says which came", async (context) => {
  const read = container(41, "www.google-analytics.com");
  let script = read;
  const stage = await raise(context, (_, response) => response.end(script), pinning(read));
  const served = await load(stage);
  assert.equal(served.status, 200);
  assert.equal(served.body.toString("utf8"), read);
  script = container(42, "collect.tracker.example");
  const told = problemOf(await load(stage));
  assert.equal(told.code, "script-changed");
  assert.deepEqual(told.findings, [{ rule: "integrity/script-changed", pointer: "answer" }]);
  const [record] = await stage.records();
  assert.equal(record?.id, told.record);
  assert.equal(record?.unexpected, false);
  assert.equal(record?.transferred, false);
  assert.match(record?.findings[0]?.why ?? "", /version 42, which is none that the policy pins for \/gtm\.js/);
  assert.ok(record?.findings[0]?.why.includes(digestOf(script)), "what came can be read, and then pinned");
  script = container(43, "collect.tracker.example");
  await load(stage);
  assert.equal((await stage.records()).length, 2, "another script is another record");
});

test("a pinned script is proved through any coding, and only whole", async (context) => {
  const read = container(41, "www.google-analytics.com");
  let how = "gzip";
  const stage = await raise(
    context,
    (_, response) => {
      if (how === "gzip") {
        response.setHeader("Content-Encoding", "gzip");
        response.end(gzipSync(read));
      } else if (how === "dies") {
        response.setHeader("Content-Length", "100000");
        response.write(read);
        setImmediate(() => response.destroy());
      } else if (how === "huge") {
        response.end(`${read}${" ".repeat(5_000_000)}`);
      } else if (how === "missing") {
        response.statusCode = 404;
        response.end("no such container");
      } else {
        response.setHeader("Content-Encoding", "unheard-of");
        response.end(read);
      }
    },
    pinning(read),
  );
  assert.equal((await load(stage)).status, 200);
  assert.equal(stage.installation.vendor.received[0]?.headers.join(" ").includes("identity"), true);
  how = "dies";
  assert.equal(problemOf(await load(stage)).code, "upstream-unreachable");
  how = "huge";
  assert.equal(problemOf(await load(stage)).code, "script-changed");
  how = "unknown coding";
  assert.equal(problemOf(await load(stage)).code, "script-changed");
  how = "missing";
  assert.equal((await load(stage)).status, 404);
});
