import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { packageRoot } from "../../src/config/package-root.js";
import { launch, seriousFaults } from "./console-browser.js";
import { ANNOTATED, deskOfFortnight, OBJECT_PATH, REACHED } from "./console-records.js";

const PAGES: readonly (readonly [string, string])[] = [
  ["overview", "/"],
  ["incidents", "/incidents"],
  ["transfers", "/transfers"],
  ["transfers-empty", "/transfers?text=nothing-like-it"],
  ["transfer", `/transfers/${ANNOTATED}`],
  ["notice", `/transfers/${REACHED}/notice`],
  ["exception", `/transfers/${OBJECT_PATH}/exception`],
  ["transfer-reported", `/transfers/${REACHED}`],
  ["inventory", "/inventory"],
  ["inventory-changes", "/inventory?changes=true"],
  ["policy", "/policy"],
  ["inspect", "/inspect"],
  ["report", "/report"],
  ["report-made", "/report/made?since=30d"],
  ["access", "/access"],
  ["account", "/account"],
  ["not-found", "/transfers/nowhere"],
];

/** With EGRESS_PROXY_SCREENSHOTS set, the pages' pictures in docs/screenshots are made anew. */
const picturing = process.env["EGRESS_PROXY_SCREENSHOTS"] !== undefined;

test("no page has a serious fault by axe, in light and dark, wide and narrow; none scrolls sideways or asks elsewhere", async (context) => {
  const desk = await deskOfFortnight(context);
  const faults: string[] = [];
  const browser = await launch();
  context.after(() => browser.close());
  const folder = join(packageRoot(), "docs", "screenshots");
  if (picturing) mkdirSync(folder, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1440, 390]) {
      const window = await browser.newContext({
        colorScheme,
        viewport: { width, height: 900 },
        reducedMotion: "reduce",
        locale: "en-GB",
        timezoneId: "Europe/Berlin",
      });
      const page = await window.newPage();
      const complaints: string[] = [];
      page.on(
        "console",
        (message) => void (message.type() === "error" && !message.text().includes("404") && complaints.push(message.text())),
      );
      page.on(
        "request",
        (request) => void (request.url().startsWith(`http://127.0.0.1:${desk.console.address.port}/`) || complaints.push(request.url())),
      );
      const look = async (name: string): Promise<void> => {
        for (const fault of await seriousFaults(page)) faults.push(`${name}, ${colorScheme}, ${width}: ${fault}`);
        const sideways: unknown = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
        if (sideways !== 0) faults.push(`${name} scrolls sideways at ${width} by ${String(sideways)}`);
        if (picturing)
          await page.screenshot({
            path: join(folder, `${name}-${width}${colorScheme === "dark" ? "-dark" : ""}.png`),
            fullPage: width === 1440 && name !== "policy" && name !== "report-made",
          });
      };
      const at = (path: string): string => `http://127.0.0.1:${desk.console.address.port}${path}`;
      await page.goto(at("/sign-in"));
      await look("sign-in");
      await page.getByLabel("Name").fill("admin");
      await page.getByLabel("Password").fill(desk.console.firstPassword ?? "");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.waitForURL(at("/"));
      for (const [name, path] of PAGES) {
        await page.goto(at(path));
        await look(name);
      }
      await page.goto(at("/inspect"));
      await page.getByLabel("Where to").fill("https://api.segment.io/v1/batch");
      await page
        .getByLabel("Payload")
        .fill('{"batch":[{"type":"track","userId":"7","event":"user_visit","properties":{"email":"dana@acme-hospital.org"}}]}');
      await page.getByRole("button", { name: "Inspect" }).click();
      await page.getByRole("heading", { name: /block/ }).waitFor();
      await look("inspect-verdict");
      assert.deepEqual(complaints, []);
      await window.close();
    }
  }
  assert.deepEqual(faults, []);
});
