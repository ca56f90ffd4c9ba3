import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { eventually } from "../support/running-proxy.js";
import { certificate } from "../tls/certificates.js";
import { INSTALL_INFO, json, supportStage } from "./support-stage.js";

const INFO = "/api/v1/admin/install/info";
const QUEUE = "/api/v1/admin/queue/status";

test("the genuine configuration goes out with addresses, keys and login pages replaced, and the access is on record", async (context) => {
  const { stage, ask, asked } = await supportStage(context, (_, response) => json(response, INSTALL_INFO));
  const reply = await ask(INFO, { headers: { cookie: "session=abc", "x-forwarded-for": "10.0.0.1", authorization: "Bearer nothing" } });
  assert.equal(reply.status, 200, reply.text);
  const told = JSON.parse(reply.text).install_info;
  assert.equal(told.email.EMAIL_REPLY_TO, "[redacted]");
  assert.equal(told.oauth2.OAUTH2_PROVIDER_PUBLIC_KEY, "[redacted]");
  assert.equal(told.oauth2.COGNITO_LOGIN_URL, "[redacted]");
  assert.equal(told.general.URL_BASE, "[redacted]");
  assert.equal(told.rabbitmq.RABBITMQ_DEFAULT_USER, "[redacted]");
  assert.equal(told.oauth2.OAUTH2_PROVIDER_CLIENT_SECRET, true, "whether a secret is set may be told");
  assert.equal(told.general.DIFFGRAM_INSTALL_FINGERPRINT, "b7c2e9d0a4f1");
  assert.equal(asked[0]?.headers["cookie"], "session=abc");
  assert.equal(asked[0]?.headers["authorization"], undefined);
  assert.equal(asked[0]?.headers["x-forwarded-for"], undefined);
  const [record] = await stage.records();
  assert.equal(record?.case, "support");
  assert.equal(record?.unexpected, false);
  assert.match(JSON.stringify(record), /CN=ines\.moreau support \(127\.0\.0\.1\)/);
  assert.match(JSON.stringify(record), /install_info/);
  assert.doesNotMatch(JSON.stringify(record), /harbour-clinic|support@diffgram/);
  assert.equal((await stage.metrics()).value('egress_requests_total{case="support",destination="support",verdict="redact"}'), 1);
});

test("counts of the queues pass as they are, and each access is a record of its own", async (context) => {
  const status = { queue_status: { Counts: { "Waiting for processing": 12, "Failed in the last day": 0 } } };
  const { stage, ask } = await supportStage(context, (_, response) => json(response, status));
  assert.deepEqual(JSON.parse((await ask(QUEUE)).text), status);
  assert.equal((await ask(QUEUE)).status, 200);
  assert.equal((await stage.records()).length, 2);
});

test("an e-mail address where none belongs is refused, and on record as an unexpected transfer that was stopped", async (context) => {
  const leaking = { install_info: { general: { LAST_EDITED_BY: "ines.moreau@harbour-clinic.example" } } };
  const { stage, ask } = await supportStage(context, (_, response) => json(response, leaking));
  const reply = await ask(INFO);
  assert.equal(reply.status, 403);
  const problem = JSON.parse(reply.text);
  assert.equal(problem.code, "unexpected-data-transfer");
  assert.ok(
    problem.findings.some((finding: { rule: string }) => finding.rule === "pii/email"),
    reply.text,
  );
  assert.doesNotMatch(reply.text, /harbour-clinic/);
  const [record] = await stage.records();
  assert.equal(record?.id, problem.record);
  assert.equal(record?.unexpected, true);
  assert.equal(record?.transferred, false);
});

test("a rule that the policy redacts is redacted in an answer too, and the rest is inspected again", async (context) => {
  const leaking = {
    install_info: {
      general: { EVENTHUB_URL: "https://app.diffgram.com/?by=ines.moreau@harbour-clinic.example", DIFFGRAM_HOST_OS: "Linux" },
    },
  };
  const { ask } = await supportStage(context, (_, response) => json(response, leaking), {
    policy: (text) =>
      text.replace(
        "    # What may be asked on listen.support",
        "    actions: { pii/email: redact }\n    # What may be asked on listen.support",
      ),
  });
  const reply = await ask(INFO);
  assert.equal(reply.status, 200, reply.text);
  assert.deepEqual(JSON.parse(reply.text).install_info.general, { EVENTHUB_URL: "[redacted]", DIFFGRAM_HOST_OS: "Linux" });
});

test("a secret goes out as whether it is set, never as what it is; a text that no schema names stays here", async (context) => {
  let general: Readonly<Record<string, unknown>> = { DATABASE_URL: true, DATABASE_CONNECTION_POOL_SIZE: 10 };
  const { ask } = await supportStage(context, (_, response) => json(response, { install_info: { general } }));
  assert.equal((await ask(INFO)).status, 200);
  for (const leak of [
    { DATABASE_URL: "postgres" },
    { INTERNAL_NOTE: "plain words" },
    { DATABASE_CONNECTION_POOL_SIZE: "10" },
    { lower_case: true },
  ]) {
    general = leak;
    assert.equal((await ask(INFO)).status, 403, JSON.stringify(leak));
  }
});

test("what is no such answer is refused whole", async (context) => {
  const cases: readonly [string, string, string][] = [
    ["a list of people", "application/json", '{"users":[{"first_name":"Ines","last_name":"Moreau"}]}'],
    ["a page", "text/html", "<html>Traceback (most recent call last)</html>"],
    ["a key twice", "application/json", '{"install_info":{"general":{}},"install_info":{"general":{"a":1}}}'],
    ["no JSON at all", "application/json", "{"],
  ];
  let answer = cases[0];
  const { ask } = await supportStage(context, (_, response) => {
    response.writeHead(200, { "content-type": answer?.[1] ?? "" });
    response.end(answer?.[2]);
  });
  for (const one of cases) {
    answer = one;
    assert.equal((await ask(INFO)).status, 403, one[0]);
  }
});

test("support is closed until a window is opened, and again once it is closed or over", async (context) => {
  const { stage, ask, asked, windows } = await supportStage(context, (_, response) => json(response, INSTALL_INFO), { open: false });
  const closed = await ask(INFO);
  assert.equal(closed.status, 403);
  assert.equal(JSON.parse(closed.text).code, "support-closed");
  windows.open({ now: Date.now(), forMs: 3_600_000, by: "operator", reason: "ticket" });
  assert.equal((await ask(INFO)).status, 200);
  windows.close(Date.now(), "operator");
  assert.equal((await ask(INFO)).status, 403);
  windows.open({ now: Date.now() - 7_200_000, forMs: 3_600_000, by: "operator", reason: "over by now" });
  assert.equal((await ask(INFO)).status, 403);
  assert.equal(asked.length, 1, "a closed door asks nothing of Diffgram");
  assert.equal((await stage.records()).filter((record) => record.reason === "support-closed").length, 3);
});

test("without a certificate of the operator's CA there is not even a handshake", async (context) => {
  const { ask, asked, ca } = await supportStage(context, (_, response) => json(response, INSTALL_INFO));
  const foreign = await certificate({ name: "Another CA" });
  await assert.rejects(ask(INFO, { client: undefined }));
  await assert.rejects(
    ask(INFO, { client: await certificate({ name: "visitor", issuer: foreign, ca: false, usage: "digital-signature" }) }),
  );
  const over = await certificate({
    name: "v",
    issuer: ca,
    ca: false,
    usage: "digital-signature",
    notBefore: Date.now() - 90_000_000,
    notAfter: Date.now() - 1_000,
  });
  await assert.rejects(ask(INFO, { client: over }));
  assert.equal(asked.length, 0);
});

test("support comes in though another address holds as many connections as it can, and says nothing on them", async (context) => {
  const { ask, stage } = await supportStage(context, (_, response) => json(response, INSTALL_INFO));
  const port = stage.proxy.addresses.support?.port ?? 0;
  const held = Array.from({ length: 80 }, () => connect({ port, host: "127.0.0.1", localAddress: "127.0.0.66" }));
  context.after(() => held.forEach((socket) => socket.destroy()));
  let closed = 0;
  for (const socket of held) socket.on("error", () => undefined).on("close", () => (closed += 1));
  await eventually("all but those of one address are closed", () => closed >= 64);
  assert.equal((await ask(INFO)).status, 200);
});

test("only the named routes are passed on: every other path, method, query and body is refused before Diffgram hears of it", async (context) => {
  const { ask, asked } = await supportStage(context, (_, response) => json(response, INSTALL_INFO));
  const told = async (...args: Parameters<typeof ask>) => JSON.parse((await ask(...args)).text).code;
  assert.equal(await told("/api/v1/admin/users"), "path-not-allowed");
  assert.equal(await told(`${INFO}/`), "path-not-allowed");
  assert.equal(await told("/api/v1/admin/install/../install/info"), "path-not-allowed");
  assert.equal(await told("/api/v1/admin/install/%69nfo"), "path-not-allowed");
  assert.equal(await told(INFO, { method: "POST" }), "method-not-allowed");
  assert.equal(await told(`${INFO}?all=1`), "query-not-allowed");
  assert.equal(await told(INFO, { body: "{}", headers: { "content-length": "2" } }), "content-type-not-allowed");
  assert.equal(asked.length, 0);
});

test("signing in tells whether it worked and sets the session's cookie; who it is stays here", async (context) => {
  const { ask, asked } = await supportStage(context, (_, response) =>
    json(
      response,
      { log: { success: true, error: {} }, user: { id: 4, email: "ines@harbour-clinic.example", first_name: "Ines" } },
      { "set-cookie": "session=xyz; Secure; HttpOnly" },
    ),
  );
  const body = JSON.stringify({ mode: "password", email: "someone@diffgram.com", password: "secret words" });
  const reply = await ask("/api/user/login", {
    method: "POST",
    body,
    headers: { "content-type": "application/json", "content-length": String(body.length) },
  });
  assert.equal(reply.status, 200, reply.text);
  assert.deepEqual(JSON.parse(reply.text), { log: { success: true, error: "[redacted]" }, user: "[redacted]" });
  assert.deepEqual(reply.headers["set-cookie"], ["session=xyz; Secure; HttpOnly"]);
  assert.equal(asked[0]?.body, body);
});

test("a limited case answers nothing, and is no unexpected transfer", async (context) => {
  const { stage, ask, asked } = await supportStage(context, (_, response) => json(response, INSTALL_INFO), {
    policy: (text) => text.replace(/support:\n {4}enabled: true/, "support:\n    enabled: false"),
  });
  assert.equal(JSON.parse((await ask(INFO)).text).code, "case-limited");
  assert.equal(asked.length, 0);
  assert.equal((await stage.records())[0]?.unexpected, false);
  assert.equal((await stage.metrics()).value('egress_limited_total{case="support"}'), 1);
});

test("a service that dies in the middle of its answer, refuses, fails or never answers leaves support with an answer all the same", async (context) => {
  let how = "dies";
  const { ask } = await supportStage(
    context,
    (_, response) => {
      if (how === "hangs") return;
      response.writeHead(how === "dies" ? 200 : how === "refuses" ? 401 : 500, {
        "content-type": "application/json",
        ...(how === "dies" ? { "content-length": "5000" } : {}),
      });
      response.write('{"install_info": {"user": "ines@harbour-clinic.example"');
      if (how === "dies") setImmediate(() => response.destroy());
      else response.end();
    },
    { settings: { upstream: { total_ms: 4_000, first_byte_ms: 4_000 } } },
  );
  assert.equal((await ask(INFO)).status, 502);
  how = "refuses";
  assert.deepEqual(await ask(INFO).then(({ status, text }) => ({ status, text })), { status: 401, text: "" });
  how = "fails";
  assert.equal((await ask(INFO)).status, 502);
  how = "hangs";
  assert.equal((await ask(INFO)).status, 504);
});

test("an answer over the limit is refused, not cut", async (context) => {
  const { ask } = await supportStage(context, (_, response) =>
    json(response, { queue_status: { Counts: {} }, pad: "x".repeat(2_000_000) }),
  );
  assert.equal(JSON.parse((await ask(QUEUE)).text).code, "body-too-large");
});
