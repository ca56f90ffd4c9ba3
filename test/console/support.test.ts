import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { SupportWindows } from "../../src/gateway/support-window.js";
import { folder } from "../record/sample.js";
import { type Desk, openDesk } from "./desk-fixture.js";

/** A desk beside a support listener, whose windows stand in the same data folder. */
async function withSupport(context: TestContext): Promise<{ readonly desk: Desk; readonly windows: SupportWindows }> {
  const windows = new SupportWindows(folder(context));
  return { desk: await openDesk(context, { ports: { support: windows } }), windows };
}

test("an admin opens a window with a reason and closes it; the gateway sees both, and the audit trail says who", async (context) => {
  const { desk, windows } = await withSupport(context);
  const admin = await desk.signedIn("admin");
  const opened = await admin.post("/support/open", { minutes: "120", reason: "ticket 4711: queue stands still" });
  assert.equal(opened.status, 303, opened.text);
  const window = windows.openAt(desk.clock.now());
  assert.match(window?.by ?? "", /^admin-/);
  assert.equal((window?.until ?? 0) - (window?.opened ?? 0), 7_200_000);
  assert.match((await admin.get("/support")).text, /ticket 4711: queue stands still/);
  assert.equal((await admin.post("/support/close", {})).status, 303);
  assert.equal(windows.openAt(desk.clock.now()), undefined);
  const trail = readFileSync(join(desk.dataDir, "console-audit.ndjson"), "utf8");
  assert.match(trail, /let the vendor's support in/);
  assert.match(trail, /closed the door to the vendor's support/);
});

test("who is no admin sees the windows and changes none; no window opens without a reason, a known time or the form's token", async (context) => {
  const { desk, windows } = await withSupport(context);
  windows.open({ now: desk.clock.now() - 7_200_000, forMs: 3_600_000, by: "operator", reason: "<b>over</b> by now" });
  const reviewer = await desk.signedIn("reviewer");
  const page = await reviewer.get("/support");
  assert.equal(page.status, 200);
  assert.match(page.text, /&lt;b&gt;over&lt;\/b&gt; by now/);
  assert.doesNotMatch(page.text, /support\/open/);
  assert.equal((await reviewer.post("/support/open", { minutes: "30", reason: "curious" })).status, 403);
  const admin = await desk.signedIn("admin");
  assert.equal((await admin.post("/support/open", { minutes: "30", reason: "  " })).status, 400);
  assert.equal((await admin.post("/support/open", { minutes: "99999", reason: "ticket" })).status, 400);
  assert.equal((await admin.form("/support/open", { minutes: "30", reason: "ticket" })).status, 403);
  assert.equal(windows.list().length, 1);
});

test("where no listener for support is on there is no such page", async (context) => {
  const desk = await openDesk(context);
  const admin = await desk.signedIn("admin");
  assert.equal((await admin.get("/support")).status, 404);
  assert.doesNotMatch((await admin.get("/")).text, /href="\/support"/);
});
