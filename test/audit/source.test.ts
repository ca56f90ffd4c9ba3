import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { AuditResult } from "../../src/audit/audit.js";
import { auditOf, copyCheckout, of, type Copy } from "./checkout-copy.js";

let copy: Copy;
let result: AuditResult;

before(async () => {
  copy = await copyCheckout();
  result = await auditOf(copy.path);
});
after(() => copy.remove());

/** Rows of the table "Unexpected Data Transfers that the same source makes": where, what leaves, whereto. */
const RISKS: readonly (readonly [sentence: string, file: string, name: string, detail: RegExp])[] = [
  [
    "every track holds the member's e-mail",
    "shared/database/event/event.py",
    "pii/email",
    /properties\.email of Segment track to api\.segment\.io/,
  ],
  ["identify holds the e-mail", "shared/database/event/event.py", "pii/email", /traits\.email of Segment identify/],
  ...["first_name", "last_name", "city", "company", "how_hear_about_us", "signup_role", "signup_demo"].map(
    (trait) =>
      [
        `identify holds ${trait}`,
        "shared/database/event/event.py",
        "pii/person",
        new RegExp(`traits\\.${trait} of Segment identify`),
      ] as const,
  ),
  [
    "annotations in the error log, to both",
    "shared/annotation.py",
    "annotation/instance-list",
    /error_log of event missing_ids_in_new_instance_list_error to the event hub \(app\.diffgram\.com\) and Segment \(properties\.\*/,
  ],
  [
    "the error log is poured into properties",
    "shared/database/event/event.py",
    "schema/poured-in",
    /event\.error_log is poured into properties/,
  ],
  [
    "S3 object path in a description",
    "shared/connection/s3_connector.py",
    "blob/object-path",
    /description of event aws_s3_new_import_success to the event hub/,
  ],
  [
    "S3 options as the error log",
    "shared/connection/s3_connector.py",
    "blob/connector-options",
    /error_log of event aws_s3_new_import_success to the event hub.*Segment/,
  ],
  ["S3 export", "shared/connection/s3_connector.py", "blob/object-path", /description of event aws_s3_new_export_success/],
  [
    "S3 options inside a log",
    "shared/connection/s3_connector.py",
    "blob/connector-options",
    /error_log of event aws_s3_new_import_warning/,
  ],
  [
    "Google object name in a description",
    "shared/connection/google_cloud_storage_connector.py",
    "blob/object-path",
    /description of event google_cloud_new_import_success/,
  ],
  ["Google options", "shared/connection/google_cloud_storage_connector.py", "blob/connector-options", /error_log/],
  [
    "Azure object path in a description",
    "shared/connection/azure_connector.py",
    "blob/object-path",
    /description of event microsoft_azure_new_import_success/,
  ],
  ["Azure options", "shared/connection/azure_connector.py", "blob/connector-options", /error_log/],
  [
    "group names of a report",
    "default/methods/report/report_runner.py",
    "annotation/label-names",
    /report_data of event report_run to the event hub/,
  ],
  ["the report's name", "default/methods/report/report_runner.py", "annotation/report-name", /report_template_data of event report_run/],
  [
    "the project's name in task events",
    "shared/database/task/task_event.py",
    "pii/project-name",
    /extra_metadata of event .*task_completed/,
  ],
  [
    "the project's name and handle in what a retry says",
    "walrus/methods/input/input_update.py",
    "pii/project-name",
    /project\.name\) leaves in description of event input_retry to the event hub .* and Segment/,
  ],
  [
    "a whole mapping as a description",
    "default/methods/source_control/file/file_update.py",
    "free-text/whole-mapping",
    /leaves in description of event file_list_update/,
  ],
  [
    "file names inside a mapping that becomes a description, two calls away",
    "default/methods/source_control/file/file_update.py",
    "blob/object-path",
    /original_filename\) leaves in description of event file_list_update/,
  ],
  [
    "file names in the log of a bulk operation",
    "default/methods/source_control/file/file_update.py",
    "blob/object-path",
    /original_filename\) leaves in error_log of event bulk_file_operation/,
  ],
  [
    "a viewer chooses the kind",
    "default/methods/event/event_create.py",
    "schema/user-chosen-name",
    /leaves in kind .*event hub.*Segment \(context\.traits\.\*, event at/,
  ],
  ["a viewer chooses the object type", "default/methods/event/event_create.py", "schema/user-chosen-name", /leaves in object_type/],
  ["a viewer chooses the page name", "default/methods/event/event_create.py", "schema/user-chosen-name", /leaves in page_name/],
  [
    "the kind becomes a key of context.traits",
    "shared/database/event/event.py",
    "schema/open-key",
    /key of context\.traits is event\.kind/,
  ],
];

for (const [sentence, file, name, detail] of RISKS) {
  test(`risk: ${sentence}`, () => {
    const found = of(result, "udt-risk").filter((one) => one.file === file && one.name === name && detail.test(one.detail));
    assert.ok(
      found.length >= 1,
      of(result, "udt-risk")
        .map((one) => `${one.file}:${one.line} ${one.name} ${one.detail}`)
        .join("\n"),
    );
    for (const one of found) assert.ok(one.line > 1 && one.link === `${one.file}#L${one.line}`);
  });
}

test("every event-hub field of both kinds of event is found at its line", () => {
  const fields = of(result, "event-field");
  const user = fields.filter((one) => one.file.endsWith("event/event.py")).map((one) => one.name);
  const system = fields.filter((one) => one.file.endsWith("system_events.py")).map((one) => one.name);
  assert.deepEqual(
    user.sort(),
    "action_id description diffgram_version directory_id error_log event_type extra_metadata file_id host_os id input_id install_fingerprint job_id kind member_id object_type page_name project_id report_data report_template_data service_name storage_backend task_id time_created workflow_id".split(
      " ",
    ),
  );
  assert.deepEqual(
    system.sort(),
    "created_date description diffgram_version event_type host_os id install_fingerprint kind previous_version service_name shut_down_time startup_time storage_backend".split(
      " ",
    ),
  );
});

test("kinds are found through wrappers, threads, hooks, spreads and templates", () => {
  const kinds = new Set(of(result, "event-call").map((one) => one.name));
  for (const kind of [
    "task_completed",
    "task_review_start",
    "task_comment_created",
    "task_created",
    "action_completed",
    "action_failed",
    "file_{mode}",
    "api_enable_{api_name}",
    "system_startup",
    "os_change",
    "version_upgrade",
    "version_downgrade",
    "export_generation",
    "task_template_completed",
    "input_file_uploaded",
    "google_cloud_new_export_error",
    "new_job",
    "update_job",
    "builder_api_enabled",
  ]) {
    assert.ok(kinds.has(kind), `${kind} among ${[...kinds].join(", ")}`);
  }
});

test("descriptions are templates with named holes", () => {
  const details = of(result, "event-call").map((one) => one.detail);
  assert.ok(details.some((one) => one.includes(`"Diffgram System startup for {service_name} service"`)));
  assert.ok(details.some((one) => one.includes(`"New cloud import for {opts['path']}"`)));
  assert.ok(details.some((one) => one.includes(`"{mode} to directory {directory.id}"`)));
  assert.ok(details.some((one) => one.includes(`"OS Change for {service_name} service"`)));
  assert.ok(details.some((one) => one.includes(`"Regenerated Cache. Frame {`)));
  assert.ok(details.some((one) => /"from_task_\{task\.file\.ann_is_complete\}"/.test(one)));
});

test("both support routes are found, and no other", () => {
  assert.deepEqual(
    of(result, "support-route")
      .map((one) => one.name)
      .sort(),
    ["GET /api/v1/admin/install/info", "GET /api/v1/admin/queue/status"],
  );
});

test("calls leave to the event hub, Mailgun and addresses that users give; calls in the cluster do not", () => {
  assert.deepEqual(
    of(result, "outbound-call")
      .map((one) => one.name)
      .sort(),
    ["(any)", "(any)", "api.mailgun.net", "app.diffgram.com", "app.diffgram.com"],
  );
  assert.deepEqual(
    of(result, "internal-call")
      .map((one) => one.name)
      .sort(),
    ["127.0.0.1", "text-tokenizer.default.svc.cluster.local"],
  );
});

test("nothing of tests, comments, docstrings or names that sound like vendors is reported", () => {
  const all = result.findings
    .filter((one) => one.kind !== "drift")
    .map((one) => JSON.stringify(one))
    .join("\n");
  for (const trap of ["test-only", "made_up_in_a_test", "not-a-request", "stripe_like_names", "diffgram.readme.io", "w3.org"])
    assert.ok(!all.includes(trap), trap);
  assert.ok(!of(result, "agent").some((one) => one.file === "walrus/requirements.txt" && one.name === "New Relic"));
});

test("what pages tell of their visits is found where it is sent, or first held, and nowhere else", () => {
  assert.deepEqual(
    of(result, "page-visit").map(({ file, line, name }) => `${file.split("/").at(-1)}:${line} ${name}`),
    [
      "studio.vue:14 object_type:page",
      "studio.vue:19 page_name:data_explorer",
      "studio.vue:20 page_name:task_detail",
      "studio.vue:24 page_name:stickers_board",
    ],
  );
});

test("tag manager, page hosts and agents are found", () => {
  assert.ok(of(result, "tag-manager").some((one) => one.name === "www.googletagmanager.com" && one.detail.includes("GTM-FIXTURE")));
  const hosts = of(result, "front-end-host").map((one) => one.name);
  for (const host of ["fonts.googleapis.com", "storage.googleapis.com", "cdn.jsdelivr.net"]) assert.ok(hosts.includes(host), host);
  assert.ok(of(result, "front-end-host").some((one) => one.name === "o1.ingest.sentry.io" && one.detail.includes("in-comment")));
  const agents = of(result, "agent").map((one) => `${one.file} ${one.name}`);
  for (const agent of [
    "default/requirements.txt New Relic",
    "default/Dockerfile.newrelic New Relic",
    "eventhandlers/requirements.txt New Relic",
    "default/requirements.txt Stripe",
    "frontend/package.json Stripe",
  ])
    assert.ok(agents.includes(agent), agent);
});

test("drift is told both ways", () => {
  const names = of(result, "drift").map((one) => one.name);
  assert.ok(names.includes("properties:member_id"), "in source, not in policy");
  assert.ok(names.includes("kind:user_visit"), "in policy, not in source");
  assert.ok(names.includes("host:api.mailgun.net"));
  assert.ok(!names.includes("host:app.diffgram.com"));
});
