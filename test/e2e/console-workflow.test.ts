import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Page } from "playwright-core";
import { openDesk } from "../console/desk-fixture.js";
import { launch } from "./console-browser.js";
import { fortnight, REACHED } from "./console-records.js";
import { freePort, startProvider } from "./identity-provider.js";

async function signIn(page: Page, origin: string, password: string): Promise<void> {
  await page.goto(`${origin}/transfers`);
  await page.getByLabel("Name").fill("admin");
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${origin}/transfers`);
}

async function step(page: Page, question: string, why: string, button: string): Promise<void> {
  await page.getByLabel(question).fill(why);
  await page.getByRole("button", { name: button, exact: true }).click();
}

for (const javaScriptEnabled of [true, false]) {
  test(`a UDT is found, confirmed, told to the vendor and closed, ${javaScriptEnabled ? "with" : "without"} scripts`, async (context) => {
    const desk = await openDesk(context);
    for (const transfer of fortnight(Date.now())) await desk.store.write(transfer);
    const browser = await launch();
    context.after(() => browser.close());
    const window = await browser.newContext({ javaScriptEnabled });
    const page = await window.newPage();
    await signIn(page, `http://127.0.0.1:${desk.console.address.port}`, desk.console.firstPassword ?? "");

    await page.getByLabel("Text").fill("identify");
    await page.getByRole("button", { name: "Filter" }).click();
    assert.match(page.url(), /text=identify/);
    await page.getByRole("link", { name: /^Transfer 0192e100/ }).click();
    await page.getByText("It reached the vendor: it was let out with these findings.").waitFor();

    await step(page, "It is a UDT: why?", "The member's address, by the identify call.", "Confirm");
    await page.getByRole("link", { name: "Notice to the vendor" }).click();
    await page.getByText("Delete what you received of it").waitFor();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Markdown" }).click()]);
    assert.match(readFileSync(await download.path(), "utf8"), /^# Notice of an Unexpected Data Transfer/);
    await page.getByRole("link", { name: "Transfer", exact: true }).click();
    await step(page, "How was the vendor told?", "Notice sent by mail, ticket 4711.", "Mark as reported");
    await page.getByText("The vendor's answer is due").waitFor();
    await page.getByLabel("Their answer, word for word").fill("We deleted all of it on 30 November.");
    await step(page, "How did the vendor confirm the deletion?", "Letter of the vendor, 2026-11-30.", "Mark as deleted");
    await page.getByText("Closed: nothing is left to do.").waitFor();

    assert.equal((await desk.store.get(REACHED))?.status, "deleted");
    const changes = (await desk.store.history(REACHED)).filter((entry) => entry.kind === "status");
    assert.equal(changes.length, 3);
    assert.deepEqual((await desk.store.verify()).faults, []);
  });
}

test("with the keyboard alone one searches, moves, chooses, opens; and times are the reader's own with UTC on hover", async (context) => {
  const desk = await openDesk(context);
  for (const transfer of fortnight(Date.now())) await desk.store.write(transfer);
  const browser = await launch();
  context.after(() => browser.close());
  const window = await browser.newContext({ timezoneId: "Asia/Tokyo", locale: "en-GB" });
  const page = await window.newPage();
  const origin = `http://127.0.0.1:${desk.console.address.port}`;
  await signIn(page, origin, desk.console.firstPassword ?? "");
  await page.keyboard.press("/");
  await page.keyboard.type("event-hub");
  await page.keyboard.press("Enter");
  await page.waitForURL(/text=event-hub/);
  for (const key of ["j", "x", "j", "x"]) await page.keyboard.press(key);
  await page.getByText("2 chosen").waitFor();
  await page.keyboard.press("k");
  const time = page.locator("tbody time").first();
  const [iso, title, text] = [await time.getAttribute("datetime"), await time.getAttribute("title"), await time.textContent()];
  assert.match(title ?? "", / UTC$/);
  const expected: unknown = await page.evaluate(
    `new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Tokyo" }).format(new Date(${JSON.stringify(iso)}))`,
  );
  assert.equal(text, expected);
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/transfers\/0192e100/);
});

test("by OIDC a group gives the role; without one nobody gets in; an answer for another browser's sign-in is refused", async (context) => {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const oidc = await startProvider(context, `${origin}/sign-in/oidc/callback`, {
    dana: ["security-team", "auditors"],
    mallory: ["marketing"],
  });
  const desk = await openDesk(context, { settings: { listen: { host: "127.0.0.1", port }, publicUrl: origin, oidc, localUsers: false } });
  for (const transfer of fortnight(Date.now())) await desk.store.write(transfer);
  assert.equal(desk.console.firstPassword, undefined);
  const browser = await launch();
  context.after(() => browser.close());

  const atProvider = async (page: Page, name: string): Promise<void> => {
    await page.goto(`${origin}/sign-in`);
    assert.equal(await page.getByLabel("Password").count(), 0);
    await page.getByRole("link", { name: /identity provider/ }).click();
    await page.locator("input[name=login]").fill(name);
    await page.locator("input[name=password]").fill("any");
    await page.locator("button[type=submit]").click();
  };
  const dana = await (await browser.newContext()).newPage();
  await atProvider(dana, "dana");
  await dana.locator("button[type=submit]").click();
  await dana.getByRole("heading", { name: "Overview" }).waitFor();
  assert.match((await dana.locator(".who").textContent()) ?? "", /dana\s+\(?.*reviewer/s);
  await dana.goto(`${origin}/transfers/${REACHED}`);
  await step(dana, "It is a UDT: why?", "Seen in the log.", "Confirm");
  await dana.locator(".status-confirmed").first().waitFor();
  const change = (await desk.store.history(REACHED)).find((entry) => entry.kind === "status");
  assert.match(JSON.stringify(change?.detail), /"by":"oidc:dana"/);
  assert.equal((await dana.goto(`${origin}/access`))?.status(), 403);

  const mallory = await (await browser.newContext()).newPage();
  await atProvider(mallory, "mallory");
  await mallory.locator("button[type=submit]").click();
  await mallory.getByText("Your account has no role here.").waitFor();
  assert.equal(await mallory.locator(".who").count(), 0);

  // What another browser would be that follows a stolen or planted answer: it lacks the cookie of the one that began.
  const window = await browser.newContext();
  const begun = await window.newPage();
  await atProvider(begun, "dana");
  await window.clearCookies({ name: "egress-oidc" });
  await begun.locator("button[type=submit]").click();
  await begun.getByText("This sign-in was not begun in this browser").waitFor();
});
