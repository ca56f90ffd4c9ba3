import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { policyInForce } from "../../src/desk.js";
import { policyBody } from "../../src/console/pages/policy-page.js";
import { loadRules } from "../../src/rules-in-force.js";
import { CaseSwitchFile } from "../../src/record/case-switch-file.js";
import { passingKey } from "../../src/record/passing-key.js";
import { runCli } from "../support/proxy-process.js";
import { type Stage, stageFor } from "../support/running-proxy.js";

/** With a rules folder of its own, in which nothing is changed but a comment. */
function own(text: string): string {
  return `# Of this test.\n${text}`;
}

function flags({ installation }: Stage): string[] {
  return ["--rules", installation.rules ?? "", "--data", installation.data];
}

test("a case is switched off and on by command: the policy keeps its comments, and who, when and why is shown everywhere", async (context) => {
  const stage = await stageFor(context, { policy: own, settings: { inspection_threads: 0, reload: { every_ms: 0 } } });
  const file = join(stage.installation.rules ?? "", "policy.yaml");
  const before = readFileSync(file, "utf8");
  const off = await runCli(
    "limits",
    "set",
    "js-error-collection",
    "off",
    "--by",
    "Dana Whitfield",
    "--reason",
    "tag manager under review",
    ...flags(stage),
  );
  assert.equal(off.code, 0, off.stderr);
  assert.match(off.stdout, /voids the default SLA/);
  const lines = readFileSync(file, "utf8").split("\n");
  assert.deepEqual(
    before.split("\n").filter((line) => !lines.includes(line)),
    [],
    "but for the switch, whose old line stands at other cases too, every line stays",
  );
  await stage.proxy.reload();
  assert.equal((await stage.metrics()).value('egress_case_state{case="js-error-collection",state="limited"}'), 1);
  const listed = await runCli("limits", "list", ...flags(stage));
  assert.match(
    listed.stdout,
    /js-error-collection: limited, enforce\n {2}scope .*browsers.*\n.*\n.*voids the default SLA\.\n.*by Dana Whitfield: tag manager under review\n {2}in force {5}since 20/,
  );
  const on = await runCli("cases", "set", "js-error-collection", "on", "--by", "Ines Moreau", "--reason", "reviewed", ...flags(stage));
  assert.equal(on.code, 0, on.stderr);
  await stage.proxy.reload();
  const history = await runCli("limits", "history", "--case", "js-error-collection", ...flags(stage));
  assert.match(
    history.stdout,
    /limited > on +Ines Moreau +reviewed .*\n.*on > limited +Dana Whitfield +tag manager under review .*\n.*- > on +\(the policy does not say\)/,
  );
  const switches = new CaseSwitchFile(stage.installation.data).list();
  const page = String(await policyBody(policyInForce(loadRules(stage.installation.settings(), passingKey()), switches), Date.now()));
  assert.match(page, /by Ines Moreau: reviewed/);
  assert.match(page, /on → limited<span class="sub">Dana Whitfield: tag manager under review/);
});

test("a switch that somebody turns with an editor is in the history too, and nobody else is named for it", async (context) => {
  const stage = await stageFor(context, { policy: own, settings: { inspection_threads: 0, reload: { every_ms: 0 } } });
  const file = join(stage.installation.rules ?? "", "policy.yaml");
  await runCli("limits", "set", "support", "off", "--by", "Dana Whitfield", "--reason", "audit", ...flags(stage));
  await stage.proxy.reload();
  writeFileSync(file, readFileSync(file, "utf8").replace(/( {2}support:\n {4}enabled: )false/, "$1true"));
  await stage.proxy.reload();
  const entries = new CaseSwitchFile(stage.installation.data).list().filter((entry) => entry.case === "support");
  assert.deepEqual(
    entries.map(({ to, by }) => [to, by]),
    [
      ["on", null],
      ["limited", "Dana Whitfield"],
      ["on", null],
    ],
  );
});

test("licensing can't be switched off, no unknown case is switched, and the package's own rules are not written", async (context) => {
  const stage = await stageFor(context, { policy: own, settings: { inspection_threads: 0 } });
  const file = join(stage.installation.rules ?? "", "policy.yaml");
  const before = readFileSync(file, "utf8");
  const licensing = await runCli("limits", "set", "licensing", "off", "--reason", "cost", ...flags(stage));
  assert.equal(licensing.code, 2);
  assert.match(licensing.stderr, /the one Limited Case that the vendor's terms do not let a customer limit/);
  assert.equal(readFileSync(file, "utf8"), before);
  assert.equal((await runCli("limits", "set", "storage", "off", "--reason", "x", ...flags(stage))).code, 2);
  const embedded = await runCli("limits", "set", "support", "off", "--reason", "x", "--data", stage.installation.data);
  assert.equal(embedded.code, 2);
  assert.match(embedded.stderr, /came with the package/);
});
