import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { transfer } from "../record/sample.js";
import { openDesk } from "./desk-fixture.js";

const LIST = z.object({ items: z.array(z.object({ id: z.string(), status: z.string() })), next: z.string().optional() });
const FAULT = z.object({
  status: z.number(),
  code: z.string(),
  invalid: z.array(z.object({ name: z.string(), reason: z.string() })).optional(),
});

test("a list is paged by cursors until each record was given once", async (context) => {
  const desk = await openDesk(context);
  const ids = Array.from({ length: 7 }, (_, index) => `0192-${index}`);
  await Promise.all(ids.map((id, index) => desk.store.write(transfer({ id, at: 1_700_000_000_000 + index }))));
  const authorization = `Bearer ${desk.token("transfers:read")}`;
  const seen: string[] = [];
  let cursor = "";
  for (let page = 0; page < 10; page += 1) {
    const answer = await desk.browser().get(`/api/v1/transfers?limit=3${cursor}`, { authorization });
    assert.equal(answer.status, 200);
    const { items, next } = LIST.parse(JSON.parse(answer.text));
    seen.push(...items.map((item) => item.id));
    if (next === undefined) break;
    cursor = `&cursor=${encodeURIComponent(next)}`;
  }
  assert.deepEqual(seen, ids.toReversed());
});

test("each filter narrows the list, and all given must hold", async (context) => {
  const desk = await openDesk(context);
  await desk.store.write(transfer({ id: "one", at: 1_700_000_000_000 }));
  await desk.store.write(
    transfer({
      id: "two",
      at: 1_700_000_100_000,
      caseName: "none",
      destination: "{0a1b2c3d}",
      host: "{0a1b2c3d}",
      findings: [],
      reason: "destination-not-allowed",
    }),
  );
  const authorization = `Bearer ${desk.token("transfers:read")}`;
  const found = async (query: string): Promise<string[]> => {
    const answer = await desk.browser().get(`/api/v1/transfers?${query}`, { authorization });
    return LIST.parse(JSON.parse(answer.text)).items.map((item) => item.id);
  };
  assert.deepEqual(await found("case=none"), ["two"]);
  assert.deepEqual(await found("rule=pii/email"), ["one"]);
  assert.deepEqual(await found("rule=pii"), ["one"]);
  assert.deepEqual(await found("status=open"), ["two", "one"]);
  assert.deepEqual(await found("status=deleted"), []);
  assert.deepEqual(await found("since=2023-11-14T22:14:00Z"), ["two"]);
  assert.deepEqual(await found("until=2023-11-14T22:14:00Z"), ["one"]);
  assert.deepEqual(await found("text=SEGMENT&case=event-collection"), ["one"]);
  assert.deepEqual(await found("text=segment&case=none"), []);
});

test("what a query can't mean is a 400 that names every parameter, as problem+json", async (context) => {
  const desk = await openDesk(context);
  const authorization = `Bearer ${desk.token("transfers:read")}`;
  for (const [query, names] of [
    ["case=ours&status=shut&nonsense=1", ["case", "status", "nonsense"]],
    ["since=yesterday", ["since"]],
    ["limit=0", ["limit"]],
    ["limit=100000", ["limit"]],
    ["cursor=bm9uc2Vuc2U", ["cursor"]],
    ["status=open&status=deleted", ["status"]],
    ["__proto__=x", ["__proto__"]],
  ] as const) {
    const answer = await desk.browser().get(`/api/v1/transfers?${query}`, { authorization });
    assert.equal(answer.status, 400, query);
    assert.equal(answer.headers["content-type"], "application/problem+json");
    const { code, invalid } = FAULT.parse(JSON.parse(answer.text));
    assert.equal(code, "invalid-request");
    assert.deepEqual(
      invalid?.map((item) => item.name),
      names,
    );
  }
});

test("a record's status goes the workflow's way only, with who, when and why", async (context) => {
  const desk = await openDesk(context);
  await desk.store.write(transfer({ id: "one" }));
  const authorization = `Bearer ${desk.token("transfers:read", "transfers:write")}`;
  const patch = (status: string, why = "The member's address, confirmed by the log.") =>
    desk
      .browser()
      .send("PATCH", "/api/v1/transfers/one", JSON.stringify({ status, why }), { authorization, "content-type": "application/json" });
  assert.equal((await patch("reported")).status, 409);
  assert.equal((await patch("confirmed", "")).status, 400);
  for (const status of ["confirmed", "reported", "deleted"]) assert.equal((await patch(status)).status, 200, status);
  assert.equal((await patch("open")).status, 409);
  const detail = JSON.parse((await desk.browser().get("/api/v1/transfers/one", { authorization })).text);
  const changes = detail.history
    .filter((entry: { kind: string }) => entry.kind === "status")
    .map((entry: { detail: unknown }) => entry.detail);
  assert.equal(detail.status, "deleted");
  assert.deepEqual(changes[0], { from: "open", to: "confirmed", by: "token:test", why: "The member's address, confirmed by the log." });
  assert.equal(changes.length, 3);
  assert.deepEqual((await desk.store.verify()).faults, []);
});

test("a change with the ETag of a record that moved on is refused, and an unchanged answer is a 304", async (context) => {
  const desk = await openDesk(context);
  await desk.store.write(transfer({ id: "one" }));
  const authorization = `Bearer ${desk.token("transfers:read", "transfers:write")}`;
  const first = await desk.browser().get("/api/v1/transfers/one", { authorization });
  const etag = String(first.headers["etag"]);
  const again = await desk.browser().get("/api/v1/transfers/one", { authorization, "if-none-match": etag });
  assert.deepEqual([again.status, again.text], [304, ""]);
  const patch = (status: string) =>
    desk.browser().send("PATCH", "/api/v1/transfers/one", JSON.stringify({ status, why: "because" }), {
      authorization,
      "content-type": "application/json",
      "if-match": etag,
    });
  assert.equal((await patch("confirmed")).status, 200);
  assert.equal((await patch("reported")).status, 412);
});

test("CSV and NDJSON hold every page, by Accept; a formula in a cell is no formula; what can't be had is a 406", async (context) => {
  const desk = await openDesk(context);
  await Promise.all(Array.from({ length: 12 }, (_, index) => desk.store.write(transfer({ id: `r-${index}`, path: '=HYPERLINK("x"),y' }))));
  const authorization = `Bearer ${desk.token("transfers:read")}`;
  const csv = await desk.browser().get("/api/v1/transfers?limit=5", { authorization, accept: "text/csv" });
  const lines = csv.text.trimEnd().split("\r\n");
  assert.equal(lines.length, 13);
  assert.match(lines[1] ?? "", /,"'=HYPERLINK\(""x""\),y",/);
  const ndjson = await desk.browser().get("/api/v1/transfers", { authorization, accept: "application/json;q=0.1, application/x-ndjson" });
  assert.equal(
    ndjson.text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)).length,
    12,
  );
  assert.equal((await desk.browser().get("/api/v1/transfers", { authorization, accept: "image/png" })).status, 406);
});

test("incidents join transfers of one cause", async (context) => {
  const desk = await openDesk(context);
  await desk.store.write(transfer({ id: "one" }));
  await desk.store.write(transfer({ id: "two" }));
  const authorization = `Bearer ${desk.token("transfers:read")}`;
  const { items } = JSON.parse((await desk.browser().get("/api/v1/incidents?open=true", { authorization })).text);
  assert.equal(items.length, 1);
  assert.deepEqual([items[0].records, items[0].openRecords], [2, 2]);
  const within = JSON.parse((await desk.browser().get(`/api/v1/transfers?incident=${items[0].id}`, { authorization })).text);
  assert.equal(within.items.length, 2);
});

test("the notice asks for deletion of what reached the vendor only, and holds no markup of the traffic's own", async (context) => {
  const desk = await openDesk(context);
  await desk.store.write(transfer({ id: "stopped", path: "/`](http://evil)\n# Heading" }));
  await desk.store.write(transfer({ id: "through", verdict: "allow", reason: undefined, transferred: true }));
  const authorization = `Bearer ${desk.token("transfers:read")}`;
  const stopped = await desk.browser().get("/api/v1/transfers/stopped/notice", { authorization, accept: "text/markdown" });
  assert.doesNotMatch(stopped.text, /delet/i);
  assert.equal(stopped.text.split("\n").filter((line) => line.startsWith("# ")).length, 1);
  const through = await desk.browser().get("/api/v1/transfers/through/notice", { authorization, accept: "text/markdown" });
  assert.match(through.text, /Delete what you received/);
  assert.match(through.text, /`track` call/);
  const json = JSON.parse((await desk.browser().get("/api/v1/transfers/through/notice", { authorization })).text);
  assert.deepEqual([json.kind, json.reached, json.found.length], ["unexpected-data-transfer-notice", true, 1]);
});

test("OpenAPI is public, names what there is, and is made from the schemas that validate", async (context) => {
  const desk = await openDesk(context);
  const { openapi, paths } = JSON.parse((await desk.browser().get("/api/v1/openapi.json")).text);
  assert.equal(openapi, "3.1.0");
  assert.deepEqual(Object.keys(paths).sort(), [
    "/api/v1/incidents",
    "/api/v1/openapi.json",
    "/api/v1/transfers",
    "/api/v1/transfers/{id}",
    "/api/v1/transfers/{id}/evidence",
    "/api/v1/transfers/{id}/evidence/{exchange}",
    "/api/v1/transfers/{id}/notice",
  ]);
  const names = paths["/api/v1/transfers"].get.parameters.map((parameter: { name: string }) => parameter.name);
  assert.deepEqual(names, ["case", "rule", "status", "transferred", "due", "incident", "since", "until", "text", "cursor", "limit"]);
  assert.deepEqual(paths["/api/v1/transfers/{id}"].patch.requestBody.content["application/json"].schema.required, ["status", "why"]);
  assert.equal((await desk.browser().get("/api/v1/inventory", { authorization: `Bearer ${desk.token("inventory:read")}` })).status, 404);
});

test("inventory and report answer from their ports, and stand in OpenAPI then", async (context) => {
  const item = {
    case: "event-collection",
    destination: "event-hub",
    path: "/kind",
    type: "string",
    lengthClass: "1-16",
    count: 3,
    firstSeen: "2026-11-01T00:00:00.000Z",
    lastSeen: "2026-11-02T00:00:00.000Z",
    materialChange: true,
  } as const;
  const desk = await openDesk(context, {
    ports: {
      inventory: {
        list: ({ changes }) => Promise.resolve({ items: changes === true ? [item] : [], next: undefined }),
        accept: () => Promise.resolve(1),
      },
      report: ({ format }) => Promise.resolve(`report as ${format}`),
    },
  });
  const authorization = `Bearer ${desk.token("inventory:read", "report:read")}`;
  const { paths } = JSON.parse((await desk.browser().get("/api/v1/openapi.json")).text);
  assert.ok("/api/v1/inventory" in paths && "/api/v1/report" in paths);
  assert.deepEqual(JSON.parse((await desk.browser().get("/api/v1/inventory?changes=true", { authorization })).text), { items: [item] });
  const report = await desk.browser().get("/api/v1/report?since=30d", { authorization, accept: "text/markdown" });
  assert.deepEqual([report.text, report.headers["content-type"]], ["report as md", "text/markdown; charset=utf-8"]);
  assert.match((await (await desk.signedIn("viewer")).get("/inventory?changes=true")).text, /<code>\/kind<\/code>/);
});

const away = (): Promise<never> => Promise.reject(new Error("connect to secret-db:5432 failed"));

test("a store that is away is a 503 that says nothing of its fault", async (context) => {
  const desk = await openDesk(context, {
    ports: {
      desk: {
        list: away,
        get: away,
        history: away,
        incidents: away,
        counts: away,
        evidence: away,
        takeEvidence: away,
        setStatus: away,
        exportAll: () => ({ [Symbol.asyncIterator]: () => ({ next: away }) }),
      },
    },
  });
  const authorization = `Bearer ${desk.token("transfers:read")}`;
  for (const accept of ["application/json", "text/csv"]) {
    const answer = await desk.browser().get("/api/v1/transfers", { authorization, accept });
    assert.equal(answer.status, 503);
    assert.doesNotMatch(answer.text, /secret-db/);
  }
  const page = await (await desk.signedIn("viewer")).get("/");
  assert.equal(page.status, 503);
  assert.match(page.text, /does not answer/);
  assert.doesNotMatch(JSON.stringify(desk.log.said), /secret-db/);
});

test("a fault in the middle of an export cuts the connection, so that nobody takes a part for the whole", async (context) => {
  let store: { get(id: string): Promise<unknown> } | undefined;
  const desk = await openDesk(context, {
    ports: {
      desk: {
        list: () => Promise.resolve({ items: [], next: undefined }),
        get: () => Promise.resolve(undefined),
        history: () => Promise.resolve([]),
        incidents: () => Promise.resolve({ items: [], next: undefined }),
        counts: away,
        evidence: away,
        takeEvidence: away,
        setStatus: () => Promise.resolve({ outcome: "no-record" }),
        async *exportAll() {
          const record = await store?.get("one");
          for (let count = 0; count < 3; count += 1) yield record as never;
          throw new Error("The store went away.");
        },
      },
    },
  });
  await desk.store.write(transfer({ id: "one" }));
  store = desk.store;
  const authorization = `Bearer ${desk.token("transfers:read")}`;
  await assert.rejects(desk.browser().get("/api/v1/transfers", { authorization, accept: "text/csv" }));
  assert.equal((await desk.browser().get("/api/v1/openapi.json")).status, 200, "and the console goes on");
});

test("a method that a path does not have is a 405 that says which it has", async (context) => {
  const desk = await openDesk(context);
  const authorization = `Bearer ${desk.token("transfers:read")}`;
  const answer = await desk.browser().send("DELETE", "/api/v1/transfers/one", undefined, { authorization, "content-length": "0" });
  assert.deepEqual([answer.status, answer.headers["allow"]], [405, "GET, PATCH"]);
});

test("what the page's filter shows comes as CSV by its link", async (context) => {
  const desk = await openDesk(context);
  await desk.store.write(transfer({ id: "one" }));
  await desk.store.write(transfer({ id: "two", eventKind: "identify" }));
  const viewer = await desk.signedIn("viewer");
  const link = /href="(\/transfers\.csv\?[^"]*)"/.exec((await viewer.get("/transfers?text=identify&status=")).text)?.[1] ?? "";
  const csv = await viewer.get(link.replaceAll("&amp;", "&"));
  assert.match(String(csv.headers["content-disposition"]), /^attachment; filename="transfers.csv"$/);
  assert.deepEqual(
    csv.text
      .trimEnd()
      .split("\r\n")
      .slice(1)
      .map((line) => line.split(",")[0]),
    ["two"],
  );
});
