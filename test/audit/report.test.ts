import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { render } from "../../src/audit/report/report.js";
import { command, copyCheckout } from "./checkout-copy.js";

test("JSON findings are flat and hold exactly the six members", async () => {
  const copy = await copyCheckout();
  try {
    const ran = await command([copy.path, "--format", "json", "--link-base", "https://git.example/d/blob/abc"]);
    assert.equal(ran.code, 1);
    const { findings } = JSON.parse(ran.out) as { findings: readonly Record<string, unknown>[] };
    assert.ok(findings.length > 100);
    for (const one of findings) {
      assert.deepEqual(Object.keys(one).sort(), ["detail", "file", "kind", "line", "link", "name"]);
      assert.match(String(one["link"]), /^https:\/\/git\.example\/d\/blob\/abc\/.+#L[1-9][0-9]*$/);
    }
  } finally {
    await copy.remove();
  }
});

test("links come from the checkout's own git folder, without its credentials", async () => {
  const copy = await copyCheckout();
  try {
    await mkdir(join(copy.path, ".git"));
    await writeFile(
      join(copy.path, ".git/config"),
      '[core]\n\tbare = false\n[remote "origin"]\n\turl = https://someone:hunter2@git.example/owner/name.git\n',
    );
    await writeFile(join(copy.path, ".git/HEAD"), `${"a".repeat(40)}\n`);
    const ran = await command([copy.path, "--no-policy", "--format", "json"]);
    assert.match(ran.out, new RegExp(`https://git\\.example/owner/name/blob/${"a".repeat(40)}/shared/`));
    assert.ok(!ran.out.includes("hunter2"));
  } finally {
    await copy.remove();
  }
});

test("SARIF holds what its schema (2.1.0) requires, and points at rules and files that exist", async () => {
  const copy = await copyCheckout();
  try {
    await copy.write("walrus/broken.py", "def f(:\n");
    const ran = await command([copy.path, "--format", "sarif"]);
    assert.equal(ran.code, 3);
    const log = JSON.parse(ran.out) as Sarif;
    assert.equal(log.version, "2.1.0");
    assert.equal(log.runs.length, 1);
    const [run] = log.runs;
    assert.ok(run !== undefined && run.results.length > 100);
    const { driver } = run.tool;
    assert.equal(new Set(driver.rules.map((rule) => rule.id)).size, driver.rules.length);
    assert.equal(run.invocations[0]?.executionSuccessful, true);
    assert.equal(run.invocations[0]?.toolExecutionNotifications.length, 1);
    for (const result of run.results) {
      assert.equal(driver.rules[result.ruleIndex]?.id, result.ruleId);
      assert.ok(["none", "note", "warning", "error"].includes(result.level));
      assert.ok(result.message.text.length > 0);
      const [location] = result.locations;
      assert.ok(location !== undefined);
      const { artifactLocation, region } = location.physicalLocation;
      assert.ok(region.startLine >= 1 && Number.isInteger(region.startLine));
      assert.ok(!artifactLocation.uri.startsWith("/") && new URL(artifactLocation.uri, "file:///c/").href.startsWith("file:///c/"));
      assert.match(result.partialFingerprints["finding/v1"] ?? "", /^[0-9a-f]{64}$/);
    }
  } finally {
    await copy.remove();
  }
});

test("SARIF names the tool's page where its package has one, and none where it has not", () => {
  const report = { findings: [], changes: undefined, filesRead: 0, version: "1.2.3" };
  assert.match(render({ ...report, home: "https://audit.example/" }, "sarif"), /"informationUri": "https:\/\/audit\.example\/"/);
  assert.ok(!render({ ...report, home: undefined }, "sarif").includes("informationUri"));
});

interface Sarif {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly name: string; readonly rules: readonly { readonly id: string }[] } };
    readonly invocations: readonly { readonly executionSuccessful: boolean; readonly toolExecutionNotifications: readonly unknown[] }[];
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly message: { readonly text: string };
      readonly locations: readonly {
        readonly physicalLocation: { readonly artifactLocation: { readonly uri: string }; readonly region: { readonly startLine: number } };
      }[];
      readonly partialFingerprints: Readonly<Record<string, string>>;
    }[];
  }[];
}

test("text and Markdown hold every section, and nothing in a name is markup or a control code", async () => {
  const copy = await copyCheckout();
  try {
    await copy.write("walrus/odd.py", "import requests\n\ndef f(x):\n    requests.post(x['\\x1b[31m|<img>'])\n");
    const text = await command([copy.path]);
    assert.match(text.out, /Risks of an Unexpected Data Transfer \(\d+\)/);
    assert.ok(!text.out.includes("\u001b"));
    const markdown = await command([copy.path, "--format", "md"]);
    assert.match(markdown.out, /^# Audit/);
    assert.ok(!markdown.out.includes("<img>"));
  } finally {
    await copy.remove();
  }
});

test("--write-schema proposes kinds, types and anchored templates, and leaves out what no template may hold", async () => {
  const copy = await copyCheckout();
  const out = `${copy.path}-schemas`;
  try {
    await command([copy.path, "--no-policy", "--write-schema", out]);
    const text = await readFile(join(out, "event-hub.yaml"), "utf8");
    const hub = parse(text) as { $defs: { SystemEvents: Properties; Event: Properties }; "x-discriminator": { mapping: object } };
    assert.deepEqual(Object.keys(hub["x-discriminator"].mapping).sort(), ["system", "user"]);
    assert.deepEqual(hub.$defs.SystemEvents.properties["description"]?.["x-templates"], [
      "^Diffgram System startup for (?:default|walrus|eventhandlers)(?:_service)? service$",
      "^OS Init for (?:default|walrus|eventhandlers)(?:_service)? service from [A-Za-z0-9 ._-]{1,32} to [A-Za-z0-9 ._-]{1,32}$",
      "^OS Change for (?:default|walrus|eventhandlers)(?:_service)? service$",
    ]);
    assert.match(text, /"\^from_task_\(\?:True\|False\|None\)\$" # default\/methods\/annotation\/flags\.py:9/);
    assert.match(text, /left out, no words around it: diffgram_input\.media_type # walrus\/methods\/input\/packet\.py:8/);
    assert.match(text, /left out, pii\/project-name: .*retried/);
    assert.match(text, /left out, blob\/object-path: \^New cloud import for/);
    assert.match(text, /- report_run # default\/methods\/report\/report_runner\.py:\d+/);
    assert.deepEqual(hub.$defs.Event.properties["task_id"]?.["type"], ["integer", "null"]);
    const segment = await readFile(join(out, "segment-batch.yaml"), "utf8");
    assert.ok(parse(segment) !== null);
    assert.match(segment, /left out, pii\/email: email/);
  } finally {
    await copy.remove();
    await rm(out, { recursive: true, force: true });
  }
});

interface Properties {
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
