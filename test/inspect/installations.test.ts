import assert from "node:assert/strict";
import { test } from "node:test";
import { findNestedViews } from "../../src/body/nested-view.js";
import { inspectSent, shippedInspector } from "./fixture.js";

/** Here as in production: nested views are searched as well. */
const inspector = shippedInspector({ findViews: findNestedViews });
const inspect = (schema: string, body: unknown) => inspectSent(inspector, { schema, body });

const rulesOf = (schema: string, body: unknown): readonly string[] => inspect(schema, body).findings.map(({ rule }) => rule);

/** What `{os.name} {platform.system()} {platform.release()}` is, small, on the systems that Diffgram is installed on. */
const INSTALLED = [
  "posix linux 5.15.0-91-generic",
  "posix linux 6.8.0-1021-aws",
  "posix linux 5.15.0-1053-gke",
  "posix linux 6.2.0-1018-azure",
  "posix linux 6.1.0-18-cloud-amd64",
  "posix linux 5.10.0-0.deb10.24-amd64",
  "posix linux 5.15.133+",
  "posix linux 4.18.0-513.9.1.el8_9.x86_64",
  "posix linux 3.10.0-1160.el7.x86_64",
  "posix linux 5.4.17-2136.326.6.el8uek.x86_64",
  "posix linux 5.10.205-195.807.amzn2.x86_64",
  "posix linux 6.1.112-122.189.amzn2023.x86_64",
  "posix linux 6.5.11-300.fc39.x86_64",
  "posix linux 5.14.21-150500.55.39-default",
  "posix linux 5.15.133.1-microsoft-standard-wsl2",
  "posix linux 6.6.12-linuxkit",
  "posix linux 6.9.3-76060903-generic",
  "posix linux 6.8.12-4-pve",
  "posix darwin 21.6.0",
  "nt windows 10",
  "nt windows 2019server",
];

/** What the vendor's Helm chart leaves both settings at, and what people wrote into them. */
const SET = ["helm_os_default", "Linux", "Ubuntu 22.04", "debian-12"];

const startup = (hostOs: string | null) => ({
  kind: "system_startup",
  event_type: "system",
  description: "Diffgram System startup for default_service service",
  install_fingerprint: "helm_fingerprint_default",
  diffgram_version: "latest",
  host_os: hostOs,
  storage_backend: "minio",
  service_name: "default_service",
  created_date: "2026-11-24",
});

const batch = (hostOs: string | null, userId: unknown = "9f86d081884c7d659a2feaa0c55ad015") => ({
  batch: [
    {
      type: "track",
      event: "system_startup",
      messageId: "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
      timestamp: "2026-11-24T16:15:46.937040+00:00",
      userId,
      anonymousId: null,
      integrations: {},
      properties: {
        description: "Diffgram System startup for default_service service",
        host_os: hostOs,
        diffgram_version: "latest",
        service_name: "default_service",
        storage_backend: "minio",
        created_at: "2026-11-24T16:15:46.937040",
        install_fingerprint: "9f86d081884c7d659a2feaa0c55ad015",
      },
      context: {
        os: hostOs,
        app: { name: "default_service", version: "latest", build: "latest" },
        library: { name: "analytics-python", version: "1.2.9" },
      },
    },
  ],
  sentAt: "2026-11-24T16:15:47.937040+00:00",
});

for (const hostOs of [...INSTALLED, ...SET, null]) {
  test(`an installation on ${hostOs ?? "nothing that is told"} may say so`, () => {
    assert.deepEqual(rulesOf("event-hub", startup(hostOs)), []);
    assert.deepEqual(rulesOf("segment-batch", batch(hostOs)), []);
    const change = {
      ...startup(hostOs),
      kind: "os_change",
      description: `OS Init for walrus service from ${hostOs ?? "None"} to ${hostOs ?? "None"}`,
    };
    assert.deepEqual(rulesOf("event-hub", change), []);
  });
}

for (const hostOs of [
  "posix linux 5.15.0-dana",
  "posix linux 5.15.0-91-generic-whitfield",
  "posix linux",
  "posix dana 5.15.0",
  "helm_os_dana",
  "dana-macbook-pro",
  "posix linux 5.15.0-91-generic 4111111111111111",
  "posix linux 5.15.0-078051120",
]) {
  test(`in place of a system ${hostOs} is refused`, () => {
    assert.notDeepEqual(rulesOf("event-hub", startup(hostOs)), []);
    assert.notDeepEqual(rulesOf("segment-batch", batch(hostOs)), []);
  });
}

test("who is named as user of an installation's own event is held to its fingerprint, a member's number is not", () => {
  const pins = (userId: unknown) =>
    inspect("segment-batch", batch("Linux", userId))
      .pins.filter(({ name }) => name === "install_fingerprint")
      .map(({ hmac }) => hmac);
  const own = pins("9f86d081884c7d659a2feaa0c55ad015");
  assert.equal(own.length, 2);
  assert.equal(own[0], own[1]);
  const other = pins("dana_1984");
  assert.equal(other.length, 2);
  assert.notEqual(other[0], other[1]);
  for (const member of ["31", 31, null]) assert.equal(pins(member).length, 1);
  // The first fingerprint that comes is learned, so a name must not pass for one.
  assert.notDeepEqual(rulesOf("segment-batch", batch("Linux", "dana_whitfield")), []);
  assert.deepEqual(rulesOf("segment-batch", batch("Linux", "helm_fingerprint_default")), []);
});

test("a visit of each kind that the vendor's pages tell of goes out, an invented one does not", () => {
  const visit = (page: string, object: string) => ({
    kind: "user_visit",
    event_type: "user",
    page_name: page,
    object_type: object,
    file_id: object === "file" ? 5120 : null,
    task_id: object === "task" ? 991 : null,
    member_id: 31,
    project_id: 12,
  });
  // As frontend/src/components/annotation/annotation_ui_factory.vue and the pages of lists choose them (diffgram/diffgram).
  for (const [page, object] of [
    ["task_detail", "task"],
    ["file_detail", "file"],
    ["data_explorer", "page"],
    ["label_templates", "page"],
    ["job_list", "page"],
  ] as const)
    assert.deepEqual(rulesOf("event-hub", visit(page, object)), [], page);
  assert.notDeepEqual(rulesOf("event-hub", visit("dana_whitfield", "page")), []);
  assert.notDeepEqual(rulesOf("event-hub", visit("task_detail", "patient")), []);
});
