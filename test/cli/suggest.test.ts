import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openRecordArchive } from "../../src/record/record-archive.js";
import { played, wireBytes } from "../support/installation.js";
import { runCli } from "../support/proxy-process.js";
import { eventually, type Stage, stageFor } from "../support/running-proxy.js";

const UNTIL = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);

function monitored(text: string): string {
  return text.replace(
    /(event-collection:\n {4}enabled: true\n) {4}mode: enforce/,
    `$1    mode: monitor\n    until: "${UNTIL}"\n    reason: learning\n    author: Dana Whitfield`,
  );
}

async function send(stage: Stage, more: Readonly<Record<string, unknown>>): Promise<number> {
  const visit = played("clean-page-visit");
  const body = Buffer.from(JSON.stringify({ ...JSON.parse(visit.body.toString("utf8")), ...more }));
  return (await stage.post(visit, wireBytes(visit, {}, body))).status;
}

/** What leaves in monitor mode here, and the source that would have sent it. */
const SEEN = { panel_latency: 120, panel_name: "timeline", panel_state: { open: true, tabs: 3 } };
const SOURCE = 'event = {"panel_latency": 120, "panel_name": "timeline", "panel_state": {}}\nkind = "panel_opened"\n';

test("what was let out in monitor mode becomes a diff with its evidence, that git applies and that lets the same through without it", async (context) => {
  const stage = await stageFor(context, { policy: monitored, settings: { inspection_threads: 0 } });
  const { data, rules = "", folder } = stage.installation;
  assert.equal(await send(stage, SEEN), 200);
  assert.equal(await send(stage, SEEN), 200);
  assert.equal(await send(stage, { kind: "panel_opened" }), 200);
  assert.equal(await send(stage, { asked_by: "ines.moreau@harbour-clinic.example" }), 200);
  await eventually("the inventory is written", async () => {
    const archive = await openRecordArchive(data, undefined);
    const items = await archive.inventory.all();
    await archive.close();
    return items.some(({ path, count }) => path === "/kind" && count === 4);
  });
  const nameless = await runCli("suggest", "--rules", rules, "--data", data);
  assert.equal(nameless.code, 1);
  assert.equal(nameless.stdout, "");
  assert.match(nameless.stderr, /known by its pseudonym only/);
  const checkout = join(folder, "checkout");
  mkdirSync(checkout);
  writeFileSync(join(checkout, "event.py"), `${SOURCE}asked_by = None\n`);
  const suggested = await runCli("suggest", "--rules", rules, "--data", data, "--checkout", checkout);
  assert.equal(suggested.code, 1, suggested.stderr);
  assert.match(
    suggested.stdout,
    /^\+ {6}# Seen 2 times, 20.*Z to 20.*Z in monitor mode\.\n\+ {6}panel_latency: \{ type: \[integer, "null"\], minimum: 0, maximum: 9999999999 \}$/m,
  );
  assert.match(suggested.stdout, /^\+ {6}panel_name: \{ type: \["null", string\], maxLength: 8, x-sensitivity: free-text \}$/m);
  assert.match(suggested.stdout, /^\+ {6}panel_state: \{ type: \["null", object\], x-sensitivity: free-json \}$/m);
  assert.match(suggested.stdout, /^\+ {2}# panel_opened: seen 1 times, .* at event-hub in monitor mode\.\n\+ {2}kind: \[panel_opened\]$/m);
  assert.match(suggested.stderr, /asked_by \(.*\) is not proposed: pii\/email found something in it/);
  assert.doesNotMatch(suggested.stdout + suggested.stderr, /harbour-clinic/);
  writeFileSync(join(folder, "change.diff"), suggested.stdout);
  execFileSync("git", ["apply", join(folder, "change.diff")], {
    cwd: rules,
    env: { ...process.env, GIT_CEILING_DIRECTORIES: folder },
  });
  const policy = join(rules, "policy.yaml");
  writeFileSync(policy, readFileSync(policy, "utf8").replace(/mode: monitor\n.*\n.*\n.*author: Dana Whitfield/, "mode: enforce"));
  assert.equal((await runCli("check", "--rules", rules)).code, 0);
  await stage.proxy.reload();
  assert.equal(await send(stage, { ...SEEN, kind: "panel_opened" }), 200);
  assert.equal(await send(stage, { asked_by: "ines.moreau@harbour-clinic.example" }), 403);
  assert.equal(await send(stage, { ...SEEN, panel_name: "a longer text than was ever seen" }), 403);
});

test("where nothing was let out beyond the schemas nothing is proposed", async (context) => {
  const stage = await stageFor(context, { settings: { inspection_threads: 0 } });
  assert.equal(await send(stage, {}), 200);
  assert.equal(await send(stage, SEEN), 403);
  const suggested = await runCli("suggest", "--data", stage.installation.data);
  assert.equal(suggested.code, 0, suggested.stderr);
  assert.match(suggested.stdout, /Nothing was let out/);
});
