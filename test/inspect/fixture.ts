import { createHmac } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { readBody } from "../../src/body/read-body.js";
import { nothingCollected } from "../../src/inspect/collector.js";
import { deadlineAfter } from "../../src/inspect/deadline.js";
import { compileInspector } from "../../src/inspect/inspector.js";
import type { InspectorOptions } from "../../src/inspect/inspector.js";
import type { Rule } from "../../src/inspect/rule-file.js";
import { compileTextRules } from "../../src/inspect/text-rules.js";
import type { Inspection, InspectionContext, Inspector, SourceFile } from "../../src/model/inspection.js";
import type { Limits } from "../../src/model/policy.js";
import type { Pseudonyms } from "../../src/model/ports.js";

export const LIMITS: Limits = {
  bodyBytes: 1024 * 1024,
  depth: 64,
  codings: 2,
  ratio: 200,
  nodes: 200_000,
  headerBytes: 16 * 1024,
  findings: 100,
  inspectionMs: 60_000,
  stringLength: 4096,
};

export const NOW = Date.parse("2026-11-24T16:30:00Z");

export const PSEUDONYMS: Pseudonyms = {
  hmac: (value) => createHmac("sha256", "test key").update(value).digest("hex"),
  short: (value) => `{${createHmac("sha256", "test key").update(value).digest("hex").slice(0, 8)}}`,
};

/** The folder that holds package.json, wherever the compiled test lies. */
export function packageRoot(): string {
  let at = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(at, "package.json"))) at = dirname(at);
  return at;
}

export function sources(folder: string): readonly SourceFile[] {
  const root = packageRoot();
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".yaml"))
    .sort()
    .map((name) => join(root, folder, name))
    .map((path) => ({ path: relative(root, path), text: readFileSync(path, "utf8") }));
}

export function ruleSources(): readonly SourceFile[] {
  return ["pii", "secret", "blob", "annotation", "integrity"].flatMap((category) =>
    existsSync(join(packageRoot(), "rules", category)) ? sources(`rules/${category}`) : [],
  );
}

export function shippedInspector(options: Partial<InspectorOptions> = {}): Inspector {
  return compileInspector({ rules: ruleSources(), schemas: sources("rules/schemas"), limits: LIMITS, pseudonyms: PSEUDONYMS, ...options });
}

/** What rules find in one text that stands alone: each draft's rule and value. "late" where the time, in milliseconds, was not enough. */
export function textFinder(rules: readonly Rule[]): (text: string, milliseconds?: number) => ReadonlyMap<string, unknown> | "late" {
  const compiled = compileTextRules(rules);
  const frame = { view: "body", base: "", bytes: Buffer.alloc(0), anchor: undefined };
  return (text, milliseconds = 60_000) => {
    const into = nothingCollected();
    const whole = { text, kind: "value", frame, place: undefined, range: undefined, typed: false, number: false } as const;
    const inTime = compiled.run(
      [whole],
      into,
      deadlineAfter(milliseconds, () => performance.now()),
    );
    return inTime ? new Map(into.drafts.map(({ rule, value }) => [rule, value])) : "late";
  };
}

export interface Sent {
  readonly schema?: string | undefined;
  readonly querySchema?: string | undefined;
  readonly query?: string | undefined;
  readonly headers?: InspectionContext["headers"];
  readonly namedHeaders?: readonly string[];
  readonly contentType?: string | undefined;
  readonly body?: unknown;
}

export function inspectSent(inspector: Inspector, sent: Sent): Inspection {
  const text = sent.body === undefined ? "" : typeof sent.body === "string" ? sent.body : JSON.stringify(sent.body);
  const reading = readBody(
    Buffer.from(text),
    { contentType: sent.contentType ?? (text === "" ? undefined : "application/json"), contentEncoding: undefined },
    LIMITS,
  );
  return inspector.inspect(reading, {
    schema: sent.schema,
    querySchema: sent.querySchema,
    path: "/v1/batch",
    query: sent.query,
    headers: sent.headers ?? [],
    namedHeaders: sent.namedHeaders ?? [],
    now: NOW,
  });
}
