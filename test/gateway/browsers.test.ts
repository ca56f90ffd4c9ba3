import assert from "node:assert/strict";
import { createContext, runInContext } from "node:vm";
import { type TestContext, test } from "node:test";
import { problemOf, type Stage, stageFor } from "../support/running-proxy.js";
import type { WireAnswer } from "../support/wire.js";

const TAGS = "www.googletagmanager.com";
const BEACONS = "www.google-analytics.com";
const BROWSER = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0.0.0\r\nReferer: https://diffgram.example.org/\r\n";

function browsers(context: TestContext, policy?: (text: string) => string): Promise<Stage> {
  return stageFor(context, { hosts: [TAGS, BEACONS], ...(policy === undefined ? {} : { policy }), settings: { inspection_threads: 0 } });
}

async function ask(stage: Stage, host: string, line: string, fields = "", body = ""): Promise<WireAnswer> {
  const wire = await stage.tunnel(host);
  try {
    return await wire.send(`${line} HTTP/1.1\r\nHost: ${host}\r\n${BROWSER}${fields}\r\n${body}`).answer();
  } finally {
    wire.close();
  }
}

function beacon(parameters: Readonly<Record<string, string>>): string {
  return `/g/collect?${new URLSearchParams({ v: "2", tid: "G-ABCDEF1234", cid: "123456789.1763900000", en: "page_view", ...parameters }).toString().replaceAll("+", "%20")}`;
}

test("the PAC file sends the case's hosts through the proxy and all others around it", async (context) => {
  const stage = await browsers(context);
  const base = `http://127.0.0.1:${stage.proxy.addresses.metrics?.port ?? 0}`;
  const pac = await (await fetch(`${base}/proxy.pac`)).text();
  const scope = createContext({});
  runInContext(pac, scope);
  const find = (host: string): unknown => runInContext(`FindProxyForURL("https://${host}/", ${JSON.stringify(host)})`, scope);
  assert.equal(find(TAGS), `PROXY 127.0.0.1:${stage.port}`);
  assert.equal(find("WWW.GOOGLE-ANALYTICS.COM."), `PROXY 127.0.0.1:${stage.port}`);
  assert.equal(find("diffgram.example.org"), "DIRECT");
  assert.equal(find("hasOwnProperty"), "DIRECT");
  assert.equal(await (await fetch(`${base}/ca.crt`)).text(), stage.proxy.caPem);
  assert.match(await (await fetch(`${base}/browsers`)).text(), /\/proxy\.pac/);
});

test("a page visit passes; a person's data in a page's address or title does not", async (context) => {
  const stage = await browsers(context);
  const clean = await ask(
    stage,
    BEACONS,
    `POST ${beacon({ dl: "https://diffgram.example.org/projects", dt: "Projects" })}`,
    "Content-Length: 0\r\n",
  );
  assert.equal(clean.status, 200, clean.body.toString("utf8"));
  for (const parameters of [
    { dl: "https://diffgram.example.org/invite?email=ines.moreau@harbour-clinic.example" },
    { dt: "Account of ines.moreau@harbour-clinic.example" },
    { dl: "https://diffgram.example.org/welcome", "up.email": "ines.moreau@harbour-clinic.example" },
  ]) {
    const told = problemOf(await ask(stage, BEACONS, `POST ${beacon(parameters)}`, "Content-Length: 0\r\n"));
    assert.equal(told.case, "js-error-collection");
    assert.ok(
      told.findings.some(({ rule }) => rule === "pii/email"),
      JSON.stringify(told),
    );
  }
  assert.equal(stage.installation.vendor.received.length, 1);
  assert.doesNotMatch(JSON.stringify(await stage.records()), /harbour-clinic/);
});

test("a browser's question before a beacon is passed on", async (context) => {
  const stage = await browsers(context);
  const fields =
    "Origin: https://diffgram.example.org\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n";
  const answer = await ask(stage, BEACONS, `OPTIONS ${beacon({})}`, fields);
  assert.equal(answer.status, 200, answer.body.toString("utf8"));
  assert.equal(stage.installation.vendor.received[0]?.method, "OPTIONS");
});

test("Google's tag comes as a container asks for it, of one account, and tells nothing else", async (context) => {
  const stage = await browsers(context);
  const asked = (id: string, more = "") => ask(stage, TAGS, `GET /gtag/js?id=${id}&l=dataLayer&cx=c&gtm=45He51d0v9194133166za200${more}`);
  assert.equal((await asked("G-ABCD1234", "&tag_exp=101509157~103116026")).status, 200);
  assert.equal((await ask(stage, TAGS, "GET /gtag/destination?id=G-ABCD1234&cx=c&gtm=4e69g1")).status, 200);
  assert.equal(problemOf(await asked("G-WXYZ9876")).code, "foreign-tenant");
  assert.equal(problemOf(await asked("G-ABCD1234", "&user=dana%40acme-hospital.org")).code, "unexpected-data-transfer");
  assert.equal(stage.installation.vendor.received.length, 2);
});

test("where the case is limited the loader is an empty script, and beacons are refused; neither is an unexpected transfer", async (context) => {
  const stage = await browsers(context, (text) =>
    text.replace(/js-error-collection:\n {4}enabled: true/, "js-error-collection:\n    enabled: false"),
  );
  const loader = await ask(stage, TAGS, "GET /gtm.js?id=GTM-ABC1234");
  assert.equal(loader.status, 200);
  assert.equal(loader.headers.get("content-type"), "application/javascript");
  runInContext(loader.body.toString("utf8"), createContext({}));
  const tag = await ask(stage, TAGS, "GET /gtag/js?id=G-ABCD1234");
  assert.deepEqual([tag.status, tag.body.toString("utf8")], [200, loader.body.toString("utf8")]);
  assert.equal(problemOf(await ask(stage, BEACONS, `POST ${beacon({})}`, "Content-Length: 0\r\n")).code, "case-limited");
  assert.equal(stage.installation.vendor.received.length, 0);
  assert.equal((await stage.metrics()).value('egress_limited_total{case="js-error-collection"}'), 3);
  assert.ok((await stage.records()).every((record) => record.reason === "case-limited" && !record.unexpected));
});
