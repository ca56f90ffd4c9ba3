import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { chromium, type Page } from "playwright-core";
import { eventually, type Stage, stageFor } from "../support/running-proxy.js";

const CHROMIUM = "/usr/bin/chromium";
const TAGS = "www.googletagmanager.com";
const BEACONS = "www.google-analytics.com";
const ERRORS = "errors.example.com";
const SITE = "diffgram.example.org";
const SKIP = existsSync(CHROMIUM) ? false : "Debian's chromium is not installed.";

/** What a tag manager's container does on a page: one beacon of the visit, in two ways that browsers have. */
const LOADER = `
window.loaderRan = true;
const visit = "https://${BEACONS}/g/collect?" + new URLSearchParams({
  v: "2", tid: "G-ABCDEF1234", cid: "123456789.1763900000", en: "page_view", dl: location.origin + location.pathname, dt: document.title,
}).toString().replaceAll("+", "%20");
navigator.sendBeacon(visit);
fetch(visit, { method: "POST", mode: "no-cors", keepalive: true }).catch(() => {});
`;

interface Visit {
  readonly stage: Stage;
  readonly page: Page;
  readonly errors: readonly string[];
  readonly open: (path: string) => Promise<void>;
}

/** A page with a tag manager, in a real browser that has nothing but the PAC file. */
async function visit(context: TestContext, policy?: (text: string) => string): Promise<Visit> {
  const stage = await stageFor(context, {
    hosts: [TAGS, BEACONS, ERRORS],
    settings: { inspection_threads: 0 },
    ...(policy === undefined ? {} : { policy }),
    answer(request, response) {
      response.setHeader("Content-Type", request.host === TAGS ? "application/javascript" : "text/plain");
      response.end(request.host === TAGS ? LOADER : "");
    },
  });
  const site = createServer((request, response) => {
    const title = request.url === "/account" ? "Account of ines.moreau@harbour-clinic.example" : "Projects";
    response.setHeader("Content-Type", "text/html; charset=utf-8");
    response.end(`<!doctype html><title>${title}</title><script src="https://${TAGS}/gtm.js?id=GTM-ABC1234"></script><h1>Here</h1>`);
  });
  await new Promise<void>((resolve) => site.listen({ host: "127.0.0.1", port: 0 }, resolve));
  context.after(() => {
    site.closeAllConnections();
    site.close();
  });
  const bound: AddressInfo | string | null = site.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      `--proxy-pac-url=http://127.0.0.1:${stage.proxy.addresses.metrics?.port ?? 0}/proxy.pac`,
      `--host-resolver-rules=MAP ${SITE} 127.0.0.1, MAP ${TAGS} ~NOTFOUND, MAP ${BEACONS} ~NOTFOUND, MAP ${ERRORS} ~NOTFOUND`,
    ],
  });
  context.after(() => browser.close());
  // The browser's store of roots is the machine's; that clients verify the proxy's leaves is proved elsewhere, by those who can be given a CA.
  const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  return {
    stage,
    page,
    errors,
    async open(path) {
      await page.goto(`http://${SITE}:${port}${path}`, { waitUntil: "load" });
    },
  };
}

test("a browser with the PAC file loads the tag manager through the proxy, and its beacons arrive", { skip: SKIP }, async (context) => {
  const { stage, page, open } = await visit(context);
  await open("/projects");
  assert.equal(await page.evaluate("window.loaderRan"), true);
  const { received } = stage.installation.vendor;
  await eventually("both beacons arrive", () => received.filter(({ host }) => host === BEACONS).length === 2);
  assert.match(received.find(({ host }) => host === BEACONS)?.path ?? "", /dt=Projects/);
});

test("a visit to a page with a person's address in its title goes nowhere, and is on record", { skip: SKIP }, async (context) => {
  const { stage, page, open } = await visit(context);
  await open("/account");
  assert.equal(await page.evaluate("window.loaderRan"), true);
  const refused = async () => (await stage.records()).filter((record) => record.destination === "analytics");
  await eventually("the beacons are refused", async () => (await refused()).reduce((sum, record) => sum + record.occurrences, 0) >= 2);
  assert.ok((await refused()).every((record) => record.rules.includes("pii/email")));
  assert.equal(stage.installation.vendor.received.filter(({ host }) => host === BEACONS).length, 0);
});

test("where the case is limited the page is whole: the loader is empty and nothing leaves", { skip: SKIP }, async (context) => {
  const limited = (text: string): string =>
    text.replace(/js-error-collection:\n {4}enabled: true/, "js-error-collection:\n    enabled: false");
  const { stage, page, errors, open } = await visit(context, limited);
  await open("/projects");
  assert.equal(await page.textContent("h1"), "Here");
  assert.equal(await page.evaluate("window.loaderRan === undefined"), true);
  assert.deepEqual(errors, []);
  assert.equal(stage.installation.vendor.received.length, 0);
  assert.equal((await stage.metrics()).value('egress_limited_total{case="js-error-collection"}'), 1);
});

test("what an error collector's client in a page posts arrives, but for a person's address in an error", {
  skip: SKIP,
}, async (context) => {
  const named = (text: string): string =>
    text.replace(
      '  # "Support": the vendor asks',
      `      - name: errors
        host: ${ERRORS}
        routes:
          - methods: [POST]
            path: /api/1/envelope/
            content_types: [text/plain]
            read_as: application/x-sentry-envelope
            schema: sentry-envelope
            query_schema: sentry-query

  # "Support": the vendor asks`,
    );
  const { stage, page, open } = await visit(context, named);
  await open("/projects");
  const post = (message: string): Promise<unknown> =>
    page.evaluate(
      `fetch("https://${ERRORS}/api/1/envelope/?sentry_key=49d0f7386ad645858ae85020e393bef3&sentry_version=7", {
        method: "POST", mode: "no-cors", body: [
          JSON.stringify({ event_id: "9ec79c33ec9942ab8353589fcb2e04dc", sent_at: new Date().toISOString() }),
          JSON.stringify({ type: "event" }),
          JSON.stringify({ event_id: "9ec79c33ec9942ab8353589fcb2e04dc", timestamp: Date.now() / 1000, platform: "javascript",
            exception: { values: [{ type: "TypeError", value: ${JSON.stringify(message)} }] }, request: { url: location.origin + location.pathname } }),
        ].join("\\n"),
      }).then(() => null)`,
    );
  await post("x is not a function");
  await post("no account for ines.moreau@harbour-clinic.example");
  const arrived = stage.installation.vendor.received.filter(({ host }) => host === ERRORS);
  assert.equal(arrived.length, 1);
  assert.match(arrived[0]?.body.toString("utf8") ?? "", /x is not a function/);
  const records = (await stage.records()).filter((record) => record.destination === "errors");
  assert.ok(records.length === 1 && records[0]?.rules.includes("pii/email"));
});
