import type { TestContext } from "node:test";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { proposeException } from "../../src/config/policy-exception.js";
import { readRulesDir } from "../../src/config/rules-directory.js";
import { loadSettings } from "../../src/config/settings.js";
import type { InventoryItem, InventoryPort } from "../../src/model/console-ports.js";
import type { Finding } from "../../src/model/finding.js";
import type { Transfer } from "../../src/model/transfer.js";
import type { RecordStore } from "../../src/record/record-store.js";
import { type Desk, openDesk } from "../console/desk-fixture.js";
import { finding, transfer } from "../record/sample.js";

/** Annotation instances in an event's log; kept sealed, reported, overdue. */
export const ANNOTATED = "0192e100-7a10-7c2e-9b1f-3d5e8a7b2001";
/** What reached the vendor. */
export const REACHED = "0192e100-7a10-7c2e-9b1f-3d5e8a7b2002";
/** Dismissed. */
export const OBJECT_PATH = "0192e100-7a10-7c2e-9b1f-3d5e8a7b2006";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const found = (rule: Finding["rule"], pointer: string, why: string, over: Partial<Finding> = {}): Finding => ({
  ...finding,
  rule,
  pointer,
  why,
  ...over,
});

const TRACK = JSON.stringify({
  batch: [
    {
      type: "string(5)",
      userId: "string(4)",
      event: "string(12)",
      properties: { email: "string(23)", project_id: "integer", member_id: "integer" },
      context: { library: { name: "string(16)", version: "string(5)" }, traits: { "{9f1c22ab}": "string(12)" } },
      integrations: {},
      messageId: "string(36)",
      timestamp: "string(27)",
    },
  ],
  sentAt: "string(27)",
});

const ANNOTATIONS = JSON.stringify({
  event_type: "string(4)",
  kind: "string(37)",
  error_log: {
    warning: {
      instance_list_new: [
        {
          id: "integer",
          type: "string(3)",
          x_min: "integer",
          y_min: "integer",
          x_max: "integer",
          y_max: "integer",
          label_file_id: "integer",
        },
        { id: "integer", type: "string(7)", points: [{ x: "integer", y: "integer" }, "… 14 more"], label_file_id: "integer" },
      ],
    },
  },
  project_id: "integer",
  member_id: "integer",
  install_fingerprint: "string(36)",
});

/** A fortnight of a real installation's desk: what its source makes, and some of what should never have come. */
export function fortnight(now: number): readonly Transfer[] {
  const email = found("pii/email", "/batch/0/properties/email", "The text holds an e-mail address, which names a person or a mailbox.", {
    range: [120, 143],
  });
  const tracks = Array.from({ length: 26 }, (_, index) =>
    transfer({
      id: `0192f${String(index).padStart(3, "0")}-7a10-7c2e-9b1f-3d5e8a7b${String(1000 + index)}`,
      at: now - Math.floor(((index * index) / 50) * DAY) - index * 17 * 60_000,
      client: `10.42.${index % 3}.17`,
      findings: [email],
      structure: TRACK,
      eventKind: index % 4 === 0 ? "user_visit" : "task_completed",
    }),
  );
  return [
    ...tracks,
    transfer({
      id: ANNOTATED,
      at: now - 2 * DAY,
      destination: "event-hub",
      host: "app.diffgram.com",
      path: "/api/walrus/eventhub/new",
      eventKind: "missing_ids_in_new_instance_list_error",
      findings: [
        found(
          "annotation/instance-list",
          "/error_log/warning/instance_list_new",
          "The list holds the instances of an annotation: their types, positions and labels.",
          { range: [212, 1_840] },
        ),
        found(
          "annotation/geometry",
          "/error_log/warning/instance_list_new/1/points",
          "A list of points with x and y is the outline of an annotation.",
        ),
        found("schema/unknown-field", "/error_log/warning", "The payload schema names no such field."),
      ],
      structure: ANNOTATIONS,
      bodyBytes: 2_027,
    }),
    transfer({
      id: REACHED,
      at: now - 5 * HOUR,
      verdict: "allow",
      reason: undefined,
      transferred: true,
      findings: [
        { ...email, action: "report" },
        found("pii/person-field", "/batch/0/traits/first_name", "The field's name says that it holds a person's name.", {
          action: "report",
        }),
      ],
      structure: TRACK.replace('"type":"string(5)"', '"type":"string(8)"').replace(
        '"properties":{"email":"string(23)"',
        '"traits":{"first_name":"string(4)","city":"string(9)"},"properties":{"email":"string(23)"',
      ),
      eventKind: "identify",
    }),
    transfer({
      id: "0192e100-7a10-7c2e-9b1f-3d5e8a7b2003",
      at: now - 26 * HOUR,
      caseName: "js-error-collection",
      destination: "analytics",
      host: "www.google-analytics.com",
      path: "/g/collect",
      verdict: "redact",
      reason: undefined,
      findings: [found("pii/email", "query:ep.user", "The text holds an e-mail address.", { action: "redact", view: "query" })],
      structure: undefined,
      eventKind: "page_view",
    }),
    transfer({
      id: "0192e100-7a10-7c2e-9b1f-3d5e8a7b2004",
      at: now - 3 * DAY,
      caseName: "none",
      destination: "{4be07d11}",
      host: "{4be07d11}",
      path: "/",
      reason: "destination-not-allowed",
      findings: [],
      structure: undefined,
      eventKind: undefined,
      bodyBytes: 0,
    }),
    transfer({
      id: "0192e100-7a10-7c2e-9b1f-3d5e8a7b2005",
      at: now - 9 * DAY,
      destination: "event-hub",
      host: "app.diffgram.com",
      path: "/api/walrus/eventhub/new",
      findings: [
        found("secret/aws-access-key", "/error_log/options", "The text holds the form of an access key.", {
          view: "body>json-string>base64",
        }),
        found("blob/object-path", "/description", "The text holds the path of an object in a store."),
      ],
      structure: JSON.stringify({ event_type: "string(4)", description: "string(61)", error_log: { options: "string(412)" } }),
      eventKind: "aws_s3_new_import_success",
    }),
    transfer({
      id: OBJECT_PATH,
      at: now - 4 * DAY,
      destination: "event-hub",
      host: "app.diffgram.com",
      path: "/api/walrus/eventhub/new",
      findings: [found("blob/object-path", "/description", "The text holds the path of an object in a store.")],
      structure: JSON.stringify({ event_type: "string(4)", kind: "string(31)", description: "string(48)" }),
      eventKind: "google_cloud_new_import_warning",
    }),
  ];
}

/** A desk on which some of it was decided: reported and overdue, reported and due, dismissed; one body is kept sealed. */
export async function deskOfFortnight(context: TestContext): Promise<Desk> {
  const now = Date.now();
  const rules = readRulesDir(loadSettings({ env: {}, flags: [] }).rules);
  const items: InventoryPort = {
    list: ({ changes }) =>
      Promise.resolve({ items: inventory(now).filter((item) => changes !== true || item.materialChange), next: undefined }),
    accept: () => Promise.resolve(0),
  };
  let store: RecordStore | undefined;
  const desk = await openDesk(context, {
    ports: {
      inventory: items,
      propose: (record, dismissal) => proposeException(rules, record, dismissal),
      report: (period) => store?.report(period) ?? Promise.reject(new Error("The store is not open yet.")),
    },
  });
  ({ store } = desk);
  for (const one of fortnight(now)) await store.write(one);
  for (const [id, due] of [
    [ANNOTATED, now - DAY],
    [REACHED, now + 9 * DAY],
  ] as const) {
    await store.setStatus(id, { status: "confirmed", by: "dana", why: "Seen in the vendor's source.", at: now - 2 * HOUR });
    await store.setStatus(id, { status: "reported", by: "dana", why: "Told by mail, ticket 4711.", at: now - HOUR, due });
  }
  await store.setStatus(OBJECT_PATH, { status: "dismissed", by: "dana", why: "The bucket's name is public.", at: now });
  const writer = store.newWriter([await identityToRecipient(await generateX25519Identity())]);
  await writer.ask({ kind: "seal", record: ANNOTATED, exchange: ANNOTATED, body: Buffer.alloc(2_027), at: now - 2 * DAY });
  await writer.ask({ kind: "evidence", now });
  await writer.stop();
  return desk;
}

/** Some of what an allowed fortnight holds. */
function inventory(now: number): readonly InventoryItem[] {
  const item = (path: string, type: string, lengthClass: string, count: number, days: number): InventoryItem => ({
    case: "event-collection",
    destination: path.startsWith("/batch") ? "segment" : "event-hub",
    path,
    type,
    lengthClass,
    count,
    firstSeen: new Date(now - days * DAY).toISOString(),
    lastSeen: new Date(now - HOUR).toISOString(),
    materialChange: days < 2,
  });
  return [
    item("/batch/*/properties/plan", "string", "1-16", 12, 1),
    item("/batch/*/event", "string", "1-16", 8_211, 90),
    item("/kind", "string", "17-64", 9_034, 90),
    item("/project_id", "integer", "", 7_420, 90),
    item("/install_fingerprint", "string", "17-64", 9_034, 90),
  ];
}
