import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { problemOf, type Stage, stageFor } from "../support/running-proxy.js";
import { Wire, type WireAnswer } from "../support/wire.js";

const TAGS = "www.googletagmanager.com";
const BEACONS = "www.google-analytics.com";
const SITE = "diffgram.example.org";
const SCRIPT = "window.loaded = true;";

/** What a vendor may say on its own domain, and no third party on Diffgram's. */
const OF_THE_VENDOR = {
  "Set-Cookie": "NID=511; Domain=.google.com",
  // Reports of every request to the domain, sent by the browser past any Content-Security-Policy (W3C Network Error Logging).
  "Report-To": '{"group":"a","max_age":31536000,"endpoints":[{"url":"https://reports.vendor.example/"}],"include_subdomains":true}',
  NEL: '{"report_to":"a","max_age":31536000,"include_subdomains":true,"success_fraction":1}',
  "Reporting-Endpoints": 'a="https://reports.vendor.example/"',
  "Clear-Site-Data": '"*"',
  "Service-Worker-Allowed": "/",
  "Strict-Transport-Security": "max-age=63072000; includeSubDomains; preload",
  "Access-Control-Allow-Origin": "*",
  Link: "<https://vendor.example/a.js>; rel=preload; as=script",
  Refresh: "0; url=https://vendor.example/",
  "Accept-CH": "Sec-CH-UA-Model",
  "Attribution-Reporting-Register-Source": "{}",
  Location: "https://vendor.example/",
  SourceMap: "https://vendor.example/a.map",
};

async function site(context: TestContext, policy?: (text: string) => string): Promise<Stage> {
  return stageFor(context, {
    hosts: [TAGS, BEACONS],
    ...(policy === undefined ? {} : { policy }),
    settings: { inspection_threads: 0, listen: { "first-party": "127.0.0.1:0" }, first_party: { hosts: [SITE] } },
    answer(request, response) {
      for (const [name, value] of Object.entries(OF_THE_VENDOR)) response.setHeader(name, value);
      response.setHeader("Cache-Control", "private, max-age=900");
      response.setHeader("Content-Type", request.host === TAGS ? "application/javascript; charset=UTF-8" : "text/plain");
      const body = request.host === TAGS ? SCRIPT : "";
      response.setHeader("Content-Length", String(body.length));
      response.end(body);
    },
  });
}

/** As Diffgram's ingress passes a browser's request on: with its cookies, and the address it came from. */
async function ask(stage: Stage, line: string, fields = "", body = "", host = SITE): Promise<WireAnswer> {
  const wire = await Wire.open(stage.proxy.addresses.firstParty?.port ?? 0);
  const browser =
    `Host: ${host}\r\nCookie: session=eyJhbGciOiJIUzI1NiJ9.eyJpZCI6MTR9.2fJ8c9ZlQ0m1aR7vXo5uTq\r\nX-Forwarded-For: 81.2.69.160\r\n` +
    `X-Real-IP: 81.2.69.160\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0.0.0\r\nReferer: https://${SITE}/user/14\r\n`;
  try {
    return await wire.send(`${line} HTTP/1.1\r\n${browser}${fields}\r\n${body}`).answer(line.split(" ")[0]);
  } finally {
    wire.close();
  }
}

function beacon(parameters: Readonly<Record<string, string>> = {}): string {
  const all = { v: "2", tid: "G-ABCDEF1234", cid: "123456789.1763900000", en: "page_view", ...parameters };
  return `/_egress/analytics/g/collect?${new URLSearchParams(all).toString().replaceAll("+", "%20")}`;
}

test("the loader and beacons go to their destinations by Diffgram's own domain, without its cookies and addresses", async (context) => {
  const stage = await site(context);
  const loader = await ask(stage, "GET /_egress/tag-manager/gtm.js?id=GTM-ABC1234");
  assert.equal(loader.status, 200, loader.body.toString("utf8"));
  assert.equal(loader.headers.get("set-cookie"), undefined, "no cookie is set on Diffgram's domain");
  const script = loader.body.toString("utf8");
  assert.ok(script.endsWith(SCRIPT));
  assert.match(script, /"www\.google-analytics\.com":"\/_egress\/analytics"/);
  const sent = await ask(stage, `POST ${beacon({ dt: "Projects" })}`, "Content-Length: 0\r\n");
  assert.equal(sent.status, 200, sent.body.toString("utf8"));
  const { received } = stage.installation.vendor;
  assert.deepEqual(
    received.map(({ host, path }) => [host, path.split("?")[0]]),
    [
      [TAGS, "/gtm.js"],
      [BEACONS, "/g/collect"],
    ],
  );
  assert.doesNotMatch(JSON.stringify(received), /session=|81\.2\.69\.160|user\/14/);
});

test("an answer tells Diffgram's domain nothing but what it is, and makes no page of that domain", async (context) => {
  const stage = await site(context);
  for (const line of ["GET /_egress/tag-manager/gtm.js?id=GTM-ABC1234", `GET ${beacon({ dt: "Projects" })}`]) {
    const { status, headers } = await ask(stage, line);
    assert.equal(status, 200);
    for (const name of Object.keys(OF_THE_VENDOR)) assert.equal(headers.get(name.toLowerCase()), undefined, name);
    assert.equal(headers.get("cache-control"), "private, max-age=900");
    // Whatever type it says: opened by itself, it has no scripts and is of no origin.
    assert.equal(headers.get("content-security-policy"), "sandbox; default-src 'none'");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
  }
});

test("a beacon is judged as anywhere: a person's address in a title is refused and on record", async (context) => {
  const stage = await site(context);
  const told = problemOf(
    await ask(stage, `POST ${beacon({ dt: "Account of ines.moreau@harbour-clinic.example" })}`, "Content-Length: 0\r\n"),
  );
  assert.equal(told.case, "js-error-collection");
  assert.ok(told.findings.some(({ rule }) => rule === "pii/email"));
  const [record] = await stage.records();
  assert.equal(record?.entry, "first-party");
  assert.equal(record?.destination, "analytics");
  assert.equal(stage.installation.vendor.received.length, 0);
});

test("only the case's own destinations are reached so, only below the path, and only for the named hosts", async (context) => {
  const stage = await site(context);
  const code = async (...args: [line: string, host?: string]) => problemOf(await ask(stage, args[0], "", "", args[1])).code;
  assert.equal(await code("GET /_egress/segment/v1/batch"), "path-not-allowed");
  assert.equal(await code("GET /_egress/app.diffgram.com/api"), "path-not-allowed");
  assert.equal(await code("GET /gtm.js?id=GTM-ABC1234"), "path-not-allowed");
  assert.equal(await code("GET /_egress/tag-manager"), "path-not-allowed");
  assert.equal(await code("GET /_egress/tag-manager/other.js"), "path-not-allowed");
  assert.equal(await code("GET /_egress/tag-manager/gtm.js?id=GTM-ABC1234", "elsewhere.example"), "target-mismatch");
  assert.equal(await code(`GET https://${TAGS}/gtm.js?id=GTM-ABC1234`), "target-mismatch");
  assert.equal(await code(`CONNECT ${TAGS}:443`), "target-mismatch");
  assert.equal(stage.installation.vendor.received.length, 0);
});

test("where the case is limited the page still gets a script, and nothing leaves", async (context) => {
  const stage = await site(context, (text) =>
    text.replace(/js-error-collection:\n {4}enabled: true/, "js-error-collection:\n    enabled: false"),
  );
  const loader = await ask(stage, "GET /_egress/tag-manager/gtm.js?id=GTM-ABC1234");
  assert.equal(loader.status, 200);
  assert.match(loader.body.toString("utf8"), /the operator has limited this case/);
  assert.equal(stage.installation.vendor.received.length, 0);
});
