import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { SupportWindows } from "../../src/gateway/support-window.js";

const MAIN = fileURLToPath(new URL("../../app/egress-proxy.js", import.meta.url));
const HOUR = 3_600_000;

function folder(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "egress-window-"));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

function run(...args: string[]): { readonly status: number | null; readonly out: string; readonly told: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, "support", ...args], { encoding: "utf8" });
  return { status, out: stdout, told: stderr };
}

test("the command opens a window with a reason, shows it, and closes it", (context) => {
  const data = folder(context);
  assert.equal(run("status", "--data", data).status, 1);
  const opened = run("open", "--for", "2h", "--reason", "ticket 4711", "--by", "ana", "--data", data);
  assert.equal(opened.status, 0, opened.told);
  const shown = run("status", "--data", data);
  assert.equal(shown.status, 0);
  assert.match(shown.out, /^open until .*, by ana: ticket 4711/);
  assert.match(run("close", "--data", data).out, /Support is closed\./);
  assert.equal(run("status", "--data", data).status, 1);
  assert.match(readFileSync(join(data, "support-windows.json"), "utf8"), /ticket 4711/);
});

test("a window without a reason, or longer than seven days, is refused with how to mend it", (context) => {
  const data = folder(context);
  for (const args of [
    ["--for", "2h", "--reason", " "],
    ["--for", "8d", "--reason", "x"],
    ["--for", "forever", "--reason", "x"],
    ["--for", "0h", "--reason", "x"],
  ]) {
    const refused = run("open", ...args, "--data", data);
    assert.equal(refused.status, 2, args.join(" "));
    assert.match(refused.told, /--for|--reason/);
  }
  assert.equal(run("open", "--for", "2h", "--data", data).status, 2);
});

test("a window ends by itself, and a newer one ends the one before", (context) => {
  const windows = new SupportWindows(folder(context));
  windows.open({ now: 1_000, forMs: HOUR, by: "ana", reason: "first" });
  assert.equal(windows.openAt(1_000 + HOUR - 1)?.reason, "first");
  assert.equal(windows.openAt(1_000 + HOUR), undefined);
  windows.open({ now: 2_000, forMs: 60_000, by: "ben", reason: "second" });
  assert.equal(windows.openAt(2_001)?.reason, "second");
  assert.equal(windows.openAt(62_000), undefined, "the first, longer one does not live on");
});

test("a file that holds something else opens nothing", (context) => {
  const data = folder(context);
  writeFileSync(join(data, "support-windows.json"), '{"windows":"open"}');
  assert.equal(new SupportWindows(data).openAt(Date.now()), undefined);
  assert.equal(run("status", "--data", data).status, 2);
});
