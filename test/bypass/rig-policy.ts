import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { packageRoot } from "../../src/config/package-root.js";
import { ANSWER_KINDS, SCRIPT, type Vendor } from "./vendor.js";

/** How a proxy is set up otherwise than usual. */
export type World = "usual" | "quotas" | "limited" | "patient" | "sla" | "monitored" | "crowded" | "brief" | "lives";

/** A destination that a case brings with it. */
export interface OwnDestination {
  readonly host: string;
  /** What each look-up answers; undefined: the host is an address. */
  readonly resolves: readonly (readonly string[])[] | undefined;
  readonly connect: boolean;
  /** How long a look-up takes. */
  readonly lookUpMs: number;
}

/** An IP literal without SNI gets the vendor's default certificate, so there is one of them. */
export const ADDRESS_TARGET = "203.0.113.7";

/** What a parent answers the CONNECT to a place with, where it opens no tunnel. */
export const PARENTS_ANSWERS: Readonly<Record<string, string>> = {
  "asking-parent.operator.example:443": 'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="corp"\r\nContent-Length: 0\r\n\r\n',
  "garbled-parent.operator.example:443": "SSH-2.0-parent\r\n\r\n",
  "endless-parent.operator.example:443": `HTTP/1.1 200 OK\r\nX-Long: ${"a".repeat(20_000)}`,
  "silent-parent.operator.example:443": "",
};
/** Names of event collection's own that lead to addresses inside. */
export const NAMES: Readonly<Record<string, readonly string[]>> = {
  "inner-hub.operator.example": ["10.0.0.8"],
  "mixed-hub.operator.example": ["203.0.113.9", "169.254.169.254"],
};
export const LATE_PLACE = "late-place.inner.example";
/** Names to which the operator connects. Nobody is at a multicast address, and the system says so at once. */
export const PLACES: Readonly<Record<string, readonly string[]>> = {
  "two-places.inner.example": ["127.0.0.2", "127.0.0.3"],
  "second-place.inner.example": ["224.0.0.1", "127.0.0.2"],
  [LATE_PLACE]: ["127.0.0.1"],
};
const SCRIPT_DIGEST = `sha256-${createHash("sha256").update(SCRIPT).digest("base64")}`;

const FREE = { type: ["object", "array", "string", "number", "boolean", "null"], "x-sensitivity": "free-json" };
const CRATE = { type: "object", properties: { code: { type: "string", pattern: "[a-z]{1,8}" }, note: FREE } };
const CRATES = { type: "object", "x-redaction-unit": "batch", properties: { batch: { type: "array", items: CRATE }, code: CRATE.properties.code, note: FREE } };

const policyText = z.looseObject({
  cases: z.looseObject({
    licensing: z.looseObject({ destinations: z.array(z.unknown()) }),
    "js-error-collection": z.looseObject({ enabled: z.boolean().optional() }),
    "event-collection": z.looseObject({ destinations: z.array(z.unknown()) }),
  }),
  destinations: z.array(z.unknown()).optional(),
});

/** The shipped rules, with destinations of the operator's own beside the shipped ones. */
export function writeRules(folder: string, own: readonly OwnDestination[], vendor: Vendor, parentPort: number, world: World): void {
  cpSync(join(packageRoot(), "rules"), folder, { recursive: true, dereference: true });
  const path = join(folder, "policy.yaml");
  const policy = policyText.parse(parse(readFileSync(path, "utf8")));
  if (world === "limited") {
    policy.cases["js-error-collection"].enabled = false;
    policy.cases["event-collection"].destinations.push({ name: "script-hub", host: "script-hub.operator.example", routes: [{ methods: ["GET"], path: "/hub.js" }] });
    Object.assign(policy.cases["event-collection"], { enabled: false });
  }
  // Quick to pass.
  if (world === "sla" || world === "brief") Object.assign(policy, { limits: { body_bytes: 20_000, nodes: 1_000 } });
  // What no mark mends goes with its item there.
  if (world === "sla") Object.assign(policy.cases["event-collection"], { actions: { "schema/pattern": "redact" } });
  const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  if (world === "monitored" || world === "brief") Object.assign(policy.cases["event-collection"], { mode: "monitor", until, reason: "test", author: "test" });
  policy.cases["event-collection"].destinations.push(...Object.keys(NAMES).map((host) => ({ name: host.split(".", 1)[0], host, routes: [{ methods: ["GET"], path: "/" }] })));
  const connect = `127.0.0.1:${vendor.tlsPort}`;
  // Such that a root may be a mark, and a batch empty or missing: where the policy's own schemas would refuse what is left.
  if (world === "sla") {
    const posts = (schema: string) => [{ methods: ["POST"], path: "/in", content_types: ["application/json"], schema }];
    policy.cases["event-collection"].destinations.push(
      { name: "notes", host: "notes.operator.example", connect, routes: posts("anything") },
      { name: "crates", host: "crates.operator.example", connect, routes: posts("crates") },
    );
    writeFileSync(join(folder, "schemas", "crates.yaml"), stringify(CRATES, { aliasDuplicateObjects: false }));
  }
  const get = (...paths: string[]) => ({ methods: ["GET"], paths });
  policy.cases["event-collection"].destinations.push({ name: "told", host: "told.operator.example", connect, routes: [get("/answer/closing", "/answer/late", "/answer/redirect")] });
  policy.cases["event-collection"].destinations.push({ name: "fickle", host: "fickle.operator.example", connect: `127.0.0.1:${vendor.fickleTlsPort}`, routes: [get("/answer/closing")] });
  const anything = { methods: ["POST"], path: "/in", content_types: ["application/json"], schema: "anything" };
  policy.cases.licensing.destinations = [
    { name: "licensing", host: "licensing.vendor.example", connect, routes: [{ methods: ["POST"], path: "/v1/status", content_types: ["application/json"], schema: "licensing-status" }] },
  ];
  policy.destinations = [
    {
      name: "operator-json",
      host: "json.operator.example",
      connect,
      routes: [{ methods: ["POST"], path: "/in", content_types: ["application/json", "application/x-ndjson", "application/x-www-form-urlencoded", "text/plain", "multipart/form-data"], schema: "anything" }, { ...anything, path: "/texts", schema: "texts" }],
    },
    {
      name: "operator-envelopes",
      host: "envelopes.operator.example",
      connect,
      routes: [{ ...anything, content_types: ["text/plain"], read_as: "application/x-sentry-envelope" }],
    },
    { name: "operator-walrus", host: "walrus.operator.example", connect, clients: ["identity:walrus"], routes: [anything] },
    { name: "operator-inner", host: "inner.operator.example", connect, clients: ["10.1.0.0/16"], routes: [anything] },
    ...["parent", "refusing-parent", ...Object.keys(PARENTS_ANSWERS).map((place) => place.split(".", 1)[0] ?? "")].map((name) => ({ name: `operator-${name}`, host: `${name}.operator.example`, parent: `http://127.0.0.1:${parentPort}`, routes: [anything] })),
    { name: "operator-plain-parent", host: "plain-parent.operator.example", port: 80, scheme: "http", parent: `http://127.0.0.1:${parentPort}`, routes: [get("/"), anything] },
    { name: "operator-inner-address", host: "10.9.9.9", parent: `http://127.0.0.1:${parentPort}`, routes: [get("/")] },
    { name: "operator-paths", host: "paths.operator.example", connect, routes: [get("/a/b", "/a.b", "/~user", "/caf%C3%A9", "/")] },
    { name: "operator-answers", host: "answers.operator.example", connect, routes: [{ methods: ["GET", "HEAD"], paths: ANSWER_KINDS.map((kind) => `/answer/${kind}`) }] },
    {
      name: "operator-scripts",
      host: "scripts.operator.example",
      connect,
      routes: [
        { methods: ["GET"], paths: ["/answer/script", "/answer/script-cut", "/answer/many-hosts"], script: "watched" },
        { methods: ["GET"], path: "/answer/pinned-script", script: { pinned: [SCRIPT_DIGEST] } },
        { methods: ["GET"], paths: ["/answer/other-script", "/answer/pinned-script-cut"], script: { pinned: [SCRIPT_DIGEST] } },
      ],
    },
    { name: "operator-two-places", host: "wrong.places.operator.example", connect: `two-places.inner.example:${vendor.tlsPort}`, routes: [get("/")] },
    { name: "operator-second-place", host: "places.operator.example", connect: `second-place.inner.example:${vendor.tlsPort}`, routes: [get("/answer/closing")] },
    { name: "operator-late-place", host: "late.operator.example", connect: `${LATE_PLACE}:${vendor.tlsPort}`, routes: [get("/", "/again")] },
    { name: "operator-resetting", host: "resetting.operator.example", connect: `127.0.0.1:${vendor.resettingPort}`, routes: [get("/")] },
    { name: "operator-wordy", host: "wordy.operator.example", connect: `127.0.0.1:${vendor.wordyPort}`, routes: [get("/")] },
    { name: "operator-eager-parent", host: "eager-parent.operator.example", port: 80, scheme: "http", parent: `http://127.0.0.1:${parentPort}`, routes: [get("/")] },
    { name: "operator-slow", host: "slow.operator.example", connect: `127.0.0.1:${vendor.slowPort}`, routes: [get("/"), anything] },
    { name: "operator-idn", host: "xn--bcher-kva.operator.example", connect, routes: [get("/")] },
    { name: "operator-address", host: ADDRESS_TARGET, connect, routes: [get("/")] },
    // Nobody listens on port 1 (TCPMUX, RFC 1078, historic since RFC 7805).
    { name: "operator-nobody", host: "nobody.operator.example", connect: "127.0.0.1:1", routes: [get("/")] },
    { name: "operator-wrong-name", host: "wrong.operator.example", connect, routes: [get("/")] },
    { name: "operator-other-port", host: "port.operator.example", port: 8443, connect, routes: [get("/")] },
    { name: "operator-plain", host: "plain.operator.example", port: 80, scheme: "http", connect: `127.0.0.1:${vendor.plainPort}`, routes: [get("/", "/a/b"), { methods: ["POST"], path: "/in", content_types: ["application/json"], schema: "anything" }] },
    { name: "operator-address-six", host: "2001:db8::7", port: 80, scheme: "http", connect: `127.0.0.1:${vendor.plainPort}`, routes: [get("/")] },
    ...[...new Map(own.map((destination) => [destination.host, destination])).values()].map((destination, index) => ({
      name: `own-${index}`,
      host: destination.host,
      // The vendor's own port: an address of this machine that is let through by mistake answers.
      port: vendor.plainPort,
      scheme: "http",
      ...(destination.connect ? { connect: `127.0.0.1:${vendor.plainPort}` } : {}),
      routes: [get("/")],
    })),
  ];
  writeFileSync(path, stringify(policy, { aliasDuplicateObjects: false }));
  writeFileSync(join(folder, "schemas", "texts.yaml"), "type: array\nitems: { type: string, x-sensitivity: free-text, maxLength: 65536 }\n");
  writeFileSync(join(folder, "schemas", "anything.yaml"), "type: [object, array, string, number, boolean, \"null\"]\nx-sensitivity: free-json\n");
}
