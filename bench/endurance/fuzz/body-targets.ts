import { isDeepStrictEqual } from "node:util";
import { brotliCompressSync, brotliDecompressSync, deflateSync, gunzipSync, gzipSync, inflateRawSync, inflateSync } from "node:zlib";
import { decodeContent } from "../../../src/body/content-coding.js";
import { scanJson } from "../../../src/body/json-scanner.js";
import { readBody } from "../../../src/body/read-body.js";
import type { JsonNode } from "../../../src/model/json.js";
import type { LoadedRules } from "../../../src/rules-in-force.js";
import { decide } from "../../../src/verdict/decision.js";
import { caseOf } from "../../../src/verdict/policy-index.js";
import { MARKER, SPECIMENS, USER_EVENT } from "../../../test/bypass/specimen.js";
import { isDirty } from "../../../test/fuzz/oracle.js";
import { must, type Target, words } from "./target.js";

const LIMITS = { bodyBytes: 1_048_576, depth: 64, codings: 2, ratio: 200, nodes: 200_000 };
const JSON_WORDS = words(
  `{ } [ ] , : "" "a" "kind": "__proto__": null true false 1e999 -0 1E+2 0.1 9007199254740993 \\u0000 \\ud800 \\udc00 \\" \\/ 123 {"a":1,"a":2} ␠ [[[[ ]]]]`,
);

/** A reading without faults is what every other reader reads. */
const json: Target = {
  name: "json",
  batch: 128,
  words: JSON_WORDS,
  seeds: [
    Buffer.from(JSON.stringify(USER_EVENT)),
    Buffer.from('[1,-2.5e3,"\\u00e9\\n",{"a":{"b":[null,true]}}]'),
    Buffer.from('{"a~/b":1,"\u00fc":"\u{1f600}"}'),
  ],
  run(input) {
    const text = input.toString("utf8");
    const { root, faults } = scanJson(text, LIMITS);
    if (root === undefined || faults.length > 0) {
      must(faults.length > 0, "nothing was read, and nothing said");
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      throw new Error("JSON was read that is none");
    }
    must(isDeepStrictEqual(valueOf(root), value), "JSON was read as something else");
  },
};

function valueOf(node: JsonNode): unknown {
  switch (node.kind) {
    case "object": {
      const result: Record<string, unknown> = {};
      for (const { key, value } of node.members)
        Object.defineProperty(result, key.text, { value: valueOf(value), enumerable: true, configurable: true, writable: true });
      return result;
    }
    case "array":
      return node.items.map(valueOf);
    case "number":
      return Number(node.text);
    case "null":
      return null;
    default:
      return node.kind === "string" ? node.text : node.value;
  }
}

const CODINGS = ["gzip", "deflate", "br", "zstd", "gzip, br", "deflate, gzip", "identity, gzip"] as const;
const DECODERS: Readonly<Record<string, readonly ((bytes: Buffer) => Buffer)[]>> = {
  gzip: [gunzipSync],
  deflate: [inflateSync, inflateRawSync],
  br: [brotliDecompressSync],
};

/** Its first byte chooses the codings. What was decoded is what zlib decodes. */
const codings: Target = {
  name: "codings",
  batch: 64,
  words: [
    Buffer.from([0x1f, 0x8b, 8, 0]),
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
    Buffer.from([0x78, 0x9c]),
    Buffer.from([3, 0]),
    gzipSync("x"),
  ],
  seeds: [
    Buffer.concat([Buffer.from([0]), gzipSync(JSON.stringify(USER_EVENT))]),
    Buffer.concat([Buffer.from([0]), gzipSync("a"), gzipSync("b")]),
    Buffer.concat([Buffer.from([1]), deflateSync("some text, some text")]),
    Buffer.concat([Buffer.from([2]), brotliCompressSync("some text, some text")]),
    Buffer.concat([
      Buffer.from([3]),
      Buffer.from("28b52ffd0401004100000068", "hex"),
      Buffer.from("28b52ffd2005290000", "hex"),
      Buffer.from("hello"),
    ]),
    Buffer.concat([Buffer.from([4]), brotliCompressSync(gzipSync("some text, some text"))]),
  ],
  run(input) {
    const named = CODINGS[(input[0] ?? 0) % CODINGS.length] ?? "gzip";
    const coded = input.subarray(1);
    const step = decodeContent(coded, named, LIMITS);
    if (!step.ok) return;
    const readers = DECODERS[named];
    if (readers === undefined) return;
    const others = readers.flatMap((read) => {
      try {
        return [read(coded)];
      } catch {
        return [];
      }
    });
    must(
      others.some((other) => other.equals(step.value)),
      `${named} was decoded to something else than zlib's`,
    );
  },
};

const FORMATS = [
  "application/x-www-form-urlencoded",
  "text/plain",
  "multipart/form-data; boundary=b",
  "application/x-ndjson",
  "application/x-sentry-envelope",
  "application/json; charset=utf-16le",
  "application/json; charset=iso-8859-1",
  "application/problem+json",
] as const;

/** Its first byte chooses the media type. Whatever is read stands where it says. */
const formats: Target = {
  name: "formats",
  batch: 64,
  words: [
    ...JSON_WORDS,
    ...words(
      'a=b & ; % %41 %u0041 + --b --b-- ␍ Content-Disposition:␠form-data;␠name="a";␠filename="f" Content-Type:␠text/plain {"type":"event","length":2}',
    ),
  ],
  seeds: [
    "0en=page_view&dt=a%20b+c&dt=x",
    "1a=b\nc=d",
    '2--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nvalue\r\n--b--\r\n',
    '3{"a":1}\n\n{"b":2}\n',
    '4{"event_id":"9ec79c33ec9942ab8353589fcb2e04dc"}\n{"type":"event","length":2}\n{}\n',
    "5{\0}\0",
    '7{"a":"b"}',
  ].map((text) => Buffer.concat([Buffer.from([Number(text[0])]), Buffer.from(text.slice(1))])),
  run(input) {
    const contentType = FORMATS[(input[0] ?? 0) % FORMATS.length];
    const body = input.subarray(1);
    const { views, faults } = readBody(body, { contentType, contentEncoding: undefined }, LIMITS);
    must(views.length > 0 || faults.length > 0, "nothing was read, and nothing said");
    for (const view of views) {
      if (view.kind === "form")
        for (const { start, end } of view.fields)
          must(start >= 0 && start <= end && end <= view.bytes.length, "a field stands outside its body");
      if (view.kind === "multipart")
        for (const { start, end } of view.parts)
          must(start >= 0 && start <= end && end <= view.bytes.length, "a part stands outside its body");
    }
  },
};

/** The whole judgement of a body for the event hub or Segment: what is let out is clean. Its first byte chooses. */
export function judgement({ index, inspector }: LoadedRules): Target {
  const routes = ["app.diffgram.com", "api.segment.io"].map((host) => {
    const destination = index.policy.destinations.find((one) => one.host === host);
    const schema = destination?.routes.find((route) => route.schema !== undefined)?.schema;
    if (destination === undefined || schema === undefined) throw new Error(`The policy names no schema for ${host}.`);
    return { destination, schema };
  });
  const event = (over: Readonly<Record<string, unknown>>): Buffer =>
    Buffer.concat([Buffer.from([0]), Buffer.from(JSON.stringify({ ...USER_EVENT, ...over }))]);
  const marker = Buffer.from(MARKER);
  return {
    name: "judgement",
    batch: 24,
    words: [
      ...JSON_WORDS,
      ...[
        MARKER,
        marker.toString("base64"),
        marker.toString("base64url"),
        marker.toString("hex"),
        encodeURIComponent(MARKER),
        gzipSync(marker).toString("base64"),
        "dana.marker",
        "@acme-hospital.org",
        "\\u0040",
        "%40",
        "label_file_id",
        String(SPECIMENS["instance"]),
      ].map((text) => Buffer.from(text)),
      ...words("description error_log extra_metadata report_data "),
    ],
    seeds: [
      event({}),
      event({ error_log: { error: { text: "the worker stopped" }, info: {}, success: false } }),
      event({ extra_metadata: { a: [1, "two", { three: null }] } }),
      event({ description: MARKER }),
      event({ report_data: { labels: ["2026-01-01"], values: [1, 2] } }),
      Buffer.concat([Buffer.from([1]), Buffer.from(String(SPECIMENS["clean-batch"]))]),
    ],
    run(input) {
      const route = routes[(input[0] ?? 0) % routes.length];
      if (route === undefined) return;
      const body = input.subarray(1);
      const reading = readBody(body, { contentType: "application/json", contentEncoding: undefined }, index.policy.limits);
      const now = Date.now();
      const { findings, moreFindings } = inspector.inspect(reading, {
        schema: route.schema,
        querySchema: undefined,
        path: "/",
        query: undefined,
        headers: [],
        namedHeaders: [],
        now,
      });
      const { caseName } = route.destination;
      const verdict = decide({ caseName, casePolicy: caseOf(index.policy, route.destination), findings, moreFindings, now });
      if (verdict.kind === "allow") must(!isDirty(body, MARKER), "a body is let out that the oracle calls dirty");
    },
  };
}

export function bodyTargets(rules: LoadedRules): Target[] {
  return [json, codings, formats, judgement(rules)];
}
