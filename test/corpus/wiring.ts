import { createHmac } from "node:crypto";
import { join } from "node:path";
import { findNestedViews } from "../../src/body/nested-view.js";
import { readBody } from "../../src/body/read-body.js";
import { readLimits } from "../../src/config/policy-limits.js";
import { packageRoot } from "../../src/config/package-root.js";
import { readRulesDir } from "../../src/config/rules-directory.js";
import { compileInspector } from "../../src/inspect/inspector.js";
import { decide } from "../../src/verdict/decision.js";
import type { InspectCase } from "./wiring-contract.js";

/** An operator's own destination that takes any JSON object: what the detectors find there, no schema has found before them. */
const OPEN_SCHEMA = {
  path: "schemas/operator-json.yaml",
  text: "type: object\nx-sensitivity: free-json\nx-bounds: { depth: 32, keys: 10000, stringLength: 1000000, arrayLength: 100000, numbers: 100000, numberShare: 1 }\n",
};
const OPEN_QUERY = { path: "schemas/operator-query.yaml", text: "type: object\nx-sensitivity: free-json\n" };

/** Payload and query schema by the corpus's destination, as `rules/policy.yaml` has them. */
const SCHEMAS = {
  "event-hub": { schema: "event-hub", querySchema: undefined, namedHeaders: [] },
  segment: { schema: "segment-batch", querySchema: undefined, namedHeaders: ["authorization"] },
  "ga-collect": { schema: "ga-collect-lines", querySchema: "ga-collect", namedHeaders: [] },
  "operator-json": { schema: "operator-json", querySchema: "operator-query", namedHeaders: [] },
} as const;

const limits = readLimits(undefined, []);
const files = readRulesDir(join(packageRoot(), "rules"));
const hmac = (value: Uint8Array | string): string => createHmac("sha256", "corpus").update(value).digest("hex");
const inspector = compileInspector({
  rules: files.rules,
  schemas: [...files.schemas, OPEN_SCHEMA, OPEN_QUERY],
  limits,
  pseudonyms: { hmac, short: (value) => `{${hmac(value).slice(0, 8)}}` },
  findViews: findNestedViews,
});

export const inspectCase: InspectCase = (labelled, now) => {
  const reading = readBody(labelled.body, { contentType: labelled.contentType, contentEncoding: labelled.contentEncoding }, limits);
  const { schema, querySchema, namedHeaders } = SCHEMAS[labelled.destination];
  const { path, query, headers } = labelled;
  const { findings, moreFindings } = inspector.inspect(reading, { schema, querySchema, namedHeaders, path, query, headers, now });
  return { verdict: decide({ caseName: "operator", casePolicy: undefined, findings, moreFindings, now }).kind, findings };
};
