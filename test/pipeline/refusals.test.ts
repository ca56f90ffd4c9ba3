import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { isUnexpectedTransfer, REASONS } from "../../src/model/reasons.js";
import { EVENT_HUB, played, SEGMENT, traffic, wireBytes } from "../support/installation.js";
import { problemOf, raiseStage, scrape, stageFor, type Stage, type ToldProblem } from "../support/running-proxy.js";
import { Wire } from "../support/wire.js";

let stage: Stage;

before(async () => {
  stage = await raiseStage();
});
after(() => stage.close());

/** A number is one on its own: three digits stand by chance in one of some hundred ids, digests or times. */
const holds = (text: string, value: string): boolean =>
  /^\d+$/.test(value) ? new RegExp(`(?<![\\w.-])${value}(?![\\w-])`).test(text) : text.includes(value);

const VALUES: Readonly<Record<string, readonly string[]>> = {
  "udt-annotation": ["cyclist", "truncated", "e81a44c2", "310"],
  "udt-identify": ["ines.moreau", "Ines", "Moreau", "Lisbon", "Harbour Clinic", "engineer"],
  "udt-track-email": ["ines.moreau", "harbour-clinic"],
};

for (const request of traffic().filter(({ name }) => name.startsWith("udt-"))) {
  test(`${request.name} is refused as the contract says, and nothing of it reaches the vendor`, async () => {
    const before = stage.installation.vendor.received.length;
    const answer = await stage.post(request);
    assert.equal(answer.status, 403);
    const problem = problemOf(answer);
    assert.equal(problem.code, "unexpected-data-transfer");
    assert.equal(problem.case, "event-collection");
    assert.ok(problem.findings.length > 0);
    assert.ok(problem.findings.every(({ rule, pointer }) => /^[a-z]+\/[a-z-]+$/.test(rule) && pointer.startsWith("/")));
    assert.equal(problem.instance, `urn:uuid:${problem.record}`);
    const record = (await stage.records()).find(({ id }) => id === problem.record);
    assert.ok(record, "the record is there as soon as the answer is");
    assert.deepEqual([record.transferred, record.unexpected, record.status, record.case], [false, true, "open", "event-collection"]);
    assert.deepEqual(
      record.findings.slice(0, problem.findings.length).map(({ rule, pointer }) => ({ rule, pointer })),
      problem.findings,
    );
    const values = Object.entries(VALUES).find(([name]) => request.name.startsWith(name))?.[1] ?? [];
    for (const value of values) {
      assert.ok(!holds(answer.body.toString(), value), `${value} is not in the answer`);
      assert.ok(!holds(JSON.stringify(record), value), `${value} is not in the record`);
    }
    assert.equal(stage.installation.vendor.received.length, before);
  });
}

test("five posts of one Segment batch with five sentAt are one record with five occurrences", async () => {
  const request = played("udt-identify");
  const ids = new Set<string | null>();
  for (let n = 0; n < 5; n += 1) {
    const body = Buffer.from(
      request.body.toString().replace(/"sentAt": "[^"]+"/, `"sentAt": "${new Date(Date.now() + n * 1_000).toISOString()}"`),
    );
    ids.add(problemOf(await stage.post(request, wireBytes(request, {}, body))).record);
  }
  assert.equal(ids.size, 1);
  const record = (await stage.records()).find(({ id }) => ids.has(id));
  assert.equal(record?.occurrences, 5);
});

test("a CONNECT to a host that no case names is refused with the body, and its name is written nowhere", async () => {
  const wire = await Wire.open(stage.port);
  wire.send("CONNECT collector-007.exfiltration.example:443 HTTP/1.1\r\nHost: collector-007.exfiltration.example:443\r\n\r\n");
  const answer = await wire.answer("GET");
  await wire.closed;
  const problem = problemOf(answer);
  assert.deepEqual([problem.code, problem.case, problem.findings], ["destination-not-allowed", "none", []]);
  const record = (await stage.records()).find(({ id }) => id === problem.record);
  assert.match(record?.host ?? "", /^\{[0-9a-f]{8}\}$/);
  const metrics = await stage.metrics();
  for (const text of [answer.body.toString(), JSON.stringify(record), metrics.text]) assert.ok(!text.includes("exfiltration"));
});

interface Row {
  readonly sentence: string;
  readonly bytes: () => Buffer | string;
  readonly code: string;
}

const visit = played("clean-page-visit");
const edited = (from: string | RegExp, to: string): Buffer => Buffer.from(wireBytes(visit).toString("latin1").replace(from, to), "latin1");

const ROWS: readonly Row[] = [
  { sentence: "another path", bytes: () => edited("/api/walrus/eventhub/new", "/api/walrus/eventhub/old"), code: "path-not-allowed" },
  { sentence: "another method", bytes: () => edited("POST", "PUT"), code: "method-not-allowed" },
  { sentence: "a query", bytes: () => edited("/new ", "/new?a=b "), code: "query-not-allowed" },
  { sentence: "another content type", bytes: () => edited("application/json", "text/plain"), code: "content-type-not-allowed" },
  { sentence: "an unknown coding", bytes: () => wireBytes(visit, { "Content-Encoding": "br2" }), code: "coding-not-readable" },
  { sentence: "a Host that is not the tunnel's", bytes: () => edited(EVENT_HUB, SEGMENT), code: "target-mismatch" },
  {
    sentence: "an absolute target that is not the tunnel's",
    bytes: () => edited("/api", `https://${SEGMENT}/api`),
    code: "target-mismatch",
  },
  { sentence: "no Host", bytes: () => wireBytes(visit, { Host: undefined }), code: "message-malformed" },
  { sentence: "an upgrade", bytes: () => wireBytes(visit, { Upgrade: "websocket", Connection: "Upgrade" }), code: "upgrade-refused" },
  { sentence: "an expectation of something else", bytes: () => wireBytes(visit, { Expect: "200-ok" }), code: "expect-refused" },
  { sentence: "both framings", bytes: () => wireBytes(visit, { "Transfer-Encoding": "chunked" }), code: "message-ambiguous" },
  {
    sentence: "a body over the limit",
    bytes: () => wireBytes(visit, { "Content-Length": "1048577" }, Buffer.alloc(0)),
    code: "body-too-large",
  },
  { sentence: "a body that is no JSON", bytes: () => wireBytes(visit, {}, Buffer.from("{]")), code: "body-not-readable" },
  {
    sentence: "a duplicate key",
    bytes: () => wireBytes(visit, {}, Buffer.from(visit.body.toString().replace("{", '{"id": 1, '))),
    code: "body-not-readable",
  },
  {
    sentence: "a field that the schema does not name",
    bytes: () => wireBytes(visit, {}, Buffer.from(visit.body.toString().replace("{", '{"shade": 1, '))),
    code: "schema-violation",
  },
  { sentence: "a head with a bare LF", bytes: () => edited("\r\nHost", "\nHost"), code: "message-malformed" },
];

for (const { sentence, bytes, code } of ROWS) {
  test(`inside the tunnel, ${sentence} is refused as ${code}, on the record, and goes nowhere`, async () => {
    const before = stage.installation.vendor.received.length;
    const answer = await stage.post(visit, Buffer.from(bytes()));
    assert.equal(answer.status, 403);
    const problem = problemOf(answer);
    assert.equal(problem.code, code);
    await assertRecorded(problem);
    assert.equal(stage.installation.vendor.received.length, before);
  });
}

test("HEAD gets the head of a refusal and no body, and the tunnel goes on", async () => {
  const wire = await stage.tunnel(EVENT_HUB);
  const answer = await wire.send(`HEAD /api/walrus/eventhub/new HTTP/1.1\r\nHost: ${EVENT_HUB}\r\n\r\n`).answer("HEAD");
  assert.equal(answer.status, 403);
  assert.ok(Number(answer.headers.get("content-length")) > 0);
  assert.equal((await wire.send(wireBytes(visit)).answer()).status, 200);
  wire.close();
});

test("a tunnel to another port of a named host opens, and is refused inside TLS", async () => {
  const wire = await stage.tunnel(EVENT_HUB, { to: `${EVENT_HUB}:8443` });
  const problem = problemOf(await wire.send(wireBytes(visit, { Host: `${EVENT_HUB}:8443` })).answer());
  wire.close();
  assert.equal(problem.code, "port-not-allowed");
  await assertRecorded(problem);
});

test("metrics: every series of an alert is there at zero before anything happened, and is counted after", async (context) => {
  const fresh = await stageFor(context);
  const zero = await fresh.metrics();
  for (const reason of REASONS) assert.equal(zero.value(`egress_blocked_total{case="event-collection",reason="${reason}"}`), 0);
  assert.equal(zero.value('egress_unexpected_transfers_total{case="event-collection",transferred="false"}'), 0);
  assert.equal(zero.value('egress_requests_total{case="event-collection",destination="event-hub",verdict="allow"}'), 0);
  assert.equal(zero.value('egress_upstream_errors_total{destination="segment",kind="timeout"}'), 0);
  assert.equal(zero.value('egress_policy_reload_total{result="error"}'), 0);
  assert.equal(zero.value('egress_case_state{case="licensing",state="unconfigured"}'), 1);
  assert.equal(zero.value("egress_leaf_certificates_total"), 0);
  assert.equal(zero.value("egress_records_spooled"), 0);
  assert.match(zero.text, /^egress_policy_info\{digest="[0-9a-f]{64}"\} 1$/m);
  assert.ok((zero.value("egress_ca_expiry_timestamp_seconds") ?? 0) > Date.now() / 1_000);
  const ready = await fetch(`http://127.0.0.1:${fresh.proxy.addresses.metrics?.port}/readyz`);
  assert.equal(ready.status, 200);

  assert.equal((await fresh.post(visit)).status, 200);
  assert.equal((await fresh.post(played("udt-track-email"))).status, 403);
  const counted = await fresh.metrics();
  assert.equal(counted.value('egress_requests_total{case="event-collection",destination="event-hub",verdict="allow"}'), 1);
  assert.equal(counted.value('egress_requests_total{case="event-collection",destination="segment",verdict="block"}'), 1);
  assert.equal(counted.value('egress_blocked_total{case="event-collection",reason="unexpected-data-transfer"}'), 1);
  assert.equal(counted.value('egress_unexpected_transfers_total{case="event-collection",transferred="false"}'), 1);
  assert.ok((counted.value('egress_findings_total{rule="pii/email",action="block"}') ?? 0) >= 1);
  assert.equal(counted.value("egress_leaf_certificates_total"), 2);
  assert.equal(counted.value('egress_body_bytes_total{direction="out"}'), visit.body.length);
  assert.equal(counted.value("egress_request_seconds_count"), 2);
  assert.equal(counted.value("egress_inspection_seconds_count"), 2);
});

test("a case that is switched off is tunnelled and refused inside TLS, counted as limited and no Unexpected Data Transfer", async (context) => {
  const limited = await stageFor(context, {
    policy: (text) => text.replace("  event-collection:\n    enabled: true", "  event-collection:\n    enabled: false"),
  });
  const problem = problemOf(await limited.post(visit));
  assert.deepEqual([problem.code, problem.case], ["case-limited", "event-collection"]);
  const record = (await limited.records()).find(({ id }) => id === problem.record);
  assert.equal(record?.unexpected, false);
  const metrics = await scrape(limited.proxy.addresses.metrics?.port ?? 0);
  assert.equal(metrics.value('egress_limited_total{case="event-collection"}'), 1);
  assert.equal(metrics.value('egress_unexpected_transfers_total{case="event-collection",transferred="false"}'), 0);
  assert.equal(metrics.value('egress_case_state{case="event-collection",state="limited"}'), 1);
  assert.equal(limited.installation.vendor.received.length, 0);
});

test("monitor mode lets findings out and records them as transferred; annotations block regardless", async (context) => {
  const until = new Date(Date.now() + 7 * 86_400_000).toISOString().slice(0, 10);
  const monitor = `    mode: monitor\n    until: ${until}\n    reason: trial week\n    author: ops@customer.example`;
  const monitored = await stageFor(context, { policy: (text) => text.replace("    mode: enforce", monitor) });
  const request = played("udt-track-email");
  assert.equal((await monitored.post(request)).status, 200);
  assert.deepEqual(
    monitored.installation.vendor.received.map(({ body }) => body.toString()),
    [request.body.toString()],
  );
  const [record] = await monitored.records();
  assert.deepEqual([record?.transferred, record?.verdict, record?.reason, record?.status], [true, "allow", null, "open"]);
  assert.ok(record?.rules.includes("pii/email"));
  const blocked = problemOf(await monitored.post(played("udt-annotation")));
  assert.equal(blocked.code, "unexpected-data-transfer");
  assert.equal(monitored.installation.vendor.received.length, 1);
  const metrics = await monitored.metrics();
  assert.equal(metrics.value('egress_unexpected_transfers_total{case="event-collection",transferred="true"}'), 1);
  assert.equal(metrics.value('egress_unexpected_transfers_total{case="event-collection",transferred="false"}'), 1);
});

async function assertRecorded({ record: id, code }: ToldProblem): Promise<void> {
  const record = (await stage.records()).find((candidate) => candidate.id === id);
  assert.equal(record?.reason, code);
  assert.equal(
    record.unexpected,
    REASONS.some((reason) => reason === code && isUnexpectedTransfer(reason)),
  );
}
