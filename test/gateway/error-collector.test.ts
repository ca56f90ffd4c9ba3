import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { gzipSync } from "node:zlib";
import { problemOf, type Stage, stageFor } from "../support/running-proxy.js";
import type { WireAnswer } from "../support/wire.js";

const HOST = "errors.example.com";
const PATH = "/api/1/envelope/?sentry_key=49d0f7386ad645858ae85020e393bef3&sentry_version=7&sentry_client=sentry.javascript.vue/8.55.0";

/** The destination as the policy's comment shows it. */
function named(text: string): string {
  return text.replace(
    '  # "Support": the vendor asks',
    `      - name: errors
        host: ${HOST}
        routes:
          - methods: [POST]
            path: /api/1/envelope/
            content_types: [text/plain, application/x-sentry-envelope]
            read_as: application/x-sentry-envelope
            schema: sentry-envelope
            query_schema: sentry-query

  # "Support": the vendor asks`,
  );
}

function collector(context: TestContext, policy = named): Promise<Stage> {
  return stageFor(context, { hosts: [HOST], policy, settings: { inspection_threads: 0 } });
}

async function post(stage: Stage, body: Buffer, fields = "Content-Type: text/plain;charset=UTF-8\r\n"): Promise<WireAnswer> {
  const wire = await stage.tunnel(HOST);
  const head = `POST ${PATH} HTTP/1.1\r\nHost: ${HOST}\r\nOrigin: https://diffgram.example.org\r\n${fields}Content-Length: ${body.length}\r\n\r\n`;
  try {
    return await wire.send(Buffer.concat([Buffer.from(head), body])).answer();
  } finally {
    wire.close();
  }
}

const EVENT = {
  event_id: "9ec79c33ec9942ab8353589fcb2e04dc",
  timestamp: Math.floor(Date.now() / 1_000) + 0.25,
  platform: "javascript",
  level: "error",
  environment: "production",
  release: "diffgram@1.17.3",
  sdk: {
    name: "sentry.javascript.vue",
    version: "8.55.0",
    integrations: ["InboundFilters", "FunctionToString", "Breadcrumbs"],
    packages: [{ name: "npm:@sentry/vue", version: "8.55.0" }],
    settings: { infer_ip: "never" },
  },
  exception: {
    values: [
      {
        type: "TypeError",
        value: "Cannot read properties of undefined (reading 'file_id')",
        mechanism: { type: "onerror", handled: false },
        stacktrace: {
          frames: [
            {
              filename: "https://diffgram.example.org/static/js/app.4f1c.js",
              function: "loadTask",
              lineno: 1,
              colno: 20_133,
              in_app: true,
            },
          ],
        },
      },
    ],
  },
  breadcrumbs: [
    { timestamp: Math.floor(Date.now() / 1_000), category: "navigation", data: { from: "/projects", to: "/job/31" } },
    {
      timestamp: Math.floor(Date.now() / 1_000),
      type: "http",
      category: "fetch",
      data: { url: "/api/v1/job/31", method: "GET", status_code: 500 },
    },
  ],
  request: { url: "https://diffgram.example.org/job/31", headers: { "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/130.0.0.0" } },
  user: { id: 14 },
  contexts: { trace: { trace_id: "771a43a4192642f0b136d5159a501700", span_id: "b2fe9a4d1c7e0f35" } },
  tags: { page: "job" },
};

const HEADER = {
  event_id: EVENT.event_id,
  sent_at: new Date().toISOString(),
  sdk: { name: "sentry.javascript.vue", version: "8.55.0" },
  trace: { environment: "production", release: "diffgram@1.17.3", public_key: "49d0f7386ad645858ae85020e393bef3" },
};

function envelope(...items: readonly (readonly [header: object, content: string | object])[]): Buffer {
  const lines = items.flatMap(([header, content]) => [
    JSON.stringify(header),
    typeof content === "string" ? content : JSON.stringify(content),
  ]);
  return Buffer.from(`${[JSON.stringify(HEADER), ...lines].join("\n")}\n`);
}

const SESSION = {
  sid: "7c7b6585f9014f7db78ef7a44cbd8c4b",
  init: true,
  started: new Date().toISOString(),
  timestamp: new Date().toISOString(),
  status: "ok",
  errors: 1,
  attrs: { release: "diffgram@1.17.3", environment: "production" },
};

test("an error, a session's health and the client's counts arrive as they are, also gzipped and under a length", async (context) => {
  const stage = await collector(context);
  const plain = envelope([{ type: "event" }, EVENT]);
  const several = envelope(
    [{ type: "event", length: Buffer.byteLength(JSON.stringify(EVENT)), content_type: "application/json" }, EVENT],
    [{ type: "session" }, SESSION],
    [
      { type: "client_report" },
      { timestamp: 1_800_000_000.5, discarded_events: [{ reason: "sample_rate", category: "error", quantity: 2 }] },
    ],
  );
  const answer = await post(stage, plain);
  assert.equal(answer.status, 200, answer.body.toString("utf8"));
  const gzipped = gzipSync(several);
  const coded = await post(stage, gzipped, "Content-Type: application/x-sentry-envelope\r\nContent-Encoding: gzip\r\n");
  assert.equal(coded.status, 200, coded.body.toString("utf8"));
  assert.deepEqual(
    stage.installation.vendor.received.map(({ body }) => body.toString("base64")),
    [plain.toString("base64"), gzipped.toString("base64")],
  );
  assert.deepEqual(await stage.records(), []);
});

const PERSON = "ines.moreau@harbour-clinic.example";

const REFUSED: readonly [what: string, body: Buffer, rule: string, pointer: string][] = [
  [
    "an address in an error's message",
    envelope([{ type: "event" }, { ...EVENT, exception: { values: [{ type: "Error", value: `no account for ${PERSON}` }] } }]),
    "pii/email",
    "/items/0/payload/exception/values/0/value",
  ],
  [
    "a user's address",
    envelope([{ type: "event" }, { ...EVENT, user: { id: 14, email: PERSON } }]),
    "pii/email",
    "/items/0/payload/user/email",
  ],
  [
    "the request that the receiver keep the IP address",
    envelope([{ type: "event" }, { ...EVENT, user: { ip_address: "{{auto}}" } }]),
    "schema/unknown-field",
    "/items/0/payload/user/{",
  ],
  [
    "an address in a breadcrumb's URL",
    envelope([{ type: "event" }, { ...EVENT, breadcrumbs: [{ category: "fetch", data: { url: `/api/user?email=${PERSON}` } }] }]),
    "pii/email",
    "/items/0/payload/breadcrumbs/0/data/url",
  ],
  [
    "local variables of a frame",
    envelope([
      { type: "event" },
      {
        ...EVENT,
        exception: { values: [{ stacktrace: { frames: [{ vars: { instance: { x_min: 1, y_min: 2, x_max: 3, y_max: 4 } } }] } }] },
      },
    ]),
    "schema/unknown-field",
    "/items/0/payload/exception/values/0/stacktrace/frames/0/{",
  ],
  [
    "a person's home in a frame's file",
    envelope([
      { type: "event" },
      { ...EVENT, exception: { values: [{ stacktrace: { frames: [{ filename: "file:///home/ines.moreau/x.js" }] } }] } },
    ]),
    "pii/user-path",
    "/items/0/payload/exception/values/0/stacktrace/frames/0/filename",
  ],
  [
    "feedback",
    envelope([{ type: "user_report" }, { event_id: EVENT.event_id, name: "Ines Moreau", email: PERSON, comments: "it broke" }]),
    "schema/not-in-enum",
    "/items/0/type",
  ],
  [
    "a replay's event",
    envelope([{ type: "replay_event" }, { replay_id: EVENT.event_id, urls: ["https://diffgram.example.org/"], segment_id: 0 }]),
    "schema/not-in-enum",
    "/items/0/type",
  ],
  [
    "a replay's recording beside an error",
    envelope([{ type: "event" }, EVENT], [{ type: "replay_recording", length: 40 }, '{"segment_id":0}\nx\u0001binary']),
    "schema/not-in-enum",
    "/items/1/type",
  ],
  [
    "an attachment",
    envelope([{ type: "event" }, EVENT], [{ type: "attachment", length: 11, filename: "view.png" }, "\u0089PNG notjson"]),
    "integrity/envelope-item",
    "/items/1",
  ],
  [
    "an item whose length says that headers are content",
    envelope([{ type: "event", length: 9_000 }, EVENT], [{ type: "session" }, SESSION]),
    "integrity/envelope-length",
    "/items/0/header",
  ],
  [
    "an envelope that ends in the middle of an item",
    Buffer.from(`${JSON.stringify(HEADER)}\n{"type":"event"}\n`),
    "integrity/envelope-incomplete",
    "/items/0",
  ],
  [
    "a key twice",
    Buffer.from(`${JSON.stringify(HEADER)}\n{"type":"event"}\n{"event_id":"${EVENT.event_id}","event_id":"${EVENT.event_id}"}\n`),
    "integrity/duplicate-key",
    "/items/0/payload/event_id",
  ],
];

test("what an envelope may not hold is refused at its place, and none of it is in the record", async (context) => {
  const stage = await collector(context);
  for (const [what, body, rule, pointer] of REFUSED) {
    const told = problemOf(await post(stage, body));
    assert.equal(told.case, "js-error-collection", what);
    assert.ok(
      told.findings.some((finding) => finding.rule === rule && finding.pointer.startsWith(pointer)),
      `${what}: ${JSON.stringify(told.findings)}`,
    );
  }
  assert.equal(stage.installation.vendor.received.length, 0);
  assert.doesNotMatch(JSON.stringify(await stage.records()), /harbour-clinic|Moreau/);
});

test("another project's key is another tenant's", async (context) => {
  const stage = await collector(context);
  assert.equal((await post(stage, envelope([{ type: "event" }, EVENT]))).status, 200);
  const foreign = Buffer.from(
    envelope([{ type: "event" }, EVENT])
      .toString("utf8")
      .replace("49d0f7386ad645858ae85020e393bef3", "0".repeat(32)),
  );
  assert.equal(problemOf(await post(stage, foreign)).code, "foreign-tenant");
});

test("as shipped no error collector is named, so nothing goes to one", async (context) => {
  const stage = await stageFor(context, { hosts: [HOST], settings: { inspection_threads: 0 } });
  await assert.rejects(stage.tunnel(HOST), /403/);
});
