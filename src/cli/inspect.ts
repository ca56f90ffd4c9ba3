import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { readBody } from "../body/read-body.js";
import { loadSettings } from "../config/settings.js";
import { addRunOptions, settingsFromFlags } from "../config/settings-flags.js";
import { parsePath } from "../http/path.js";
import { parseAbsoluteForm } from "../http/target.js";
import { loadRules } from "../rules-in-force.js";
import { FaultsError } from "../model/fault.js";
import type { Finding } from "../model/finding.js";
import type { Inspector } from "../model/inspection.js";
import { isRefusal } from "../model/refusal.js";
import { passingKey } from "../record/passing-key.js";
import type { Verdict } from "../model/verdict.js";
import { decide } from "../verdict/decision.js";
import { matchDestination } from "../verdict/destination-match.js";
import { explainVerdict } from "../verdict/explanation.js";
import { caseOf, type PolicyIndex } from "../verdict/policy-index.js";
import { matchRoute } from "../verdict/route-match.js";

interface InspectOptions extends Readonly<Record<string, unknown>> {
  readonly to: string;
  readonly method: string;
  readonly contentType: string;
  readonly contentEncoding?: string;
  readonly jsonl?: true;
  readonly explain?: true;
}

/**
 * `egress-proxy inspect`: what the proxy would do with a body, and why; nothing is sent, nothing is stored. Exit 0 allow, 1 redact or
 * block, 2 bad use.
 */
export function addInspectCommand(program: Command): void {
  addRunOptions(program.command("inspect").description("judge a body as the proxy would; nothing is sent or stored"))
    .argument("<file>", "the body, or - for standard input")
    .requiredOption("--to <url>", "where it would be sent")
    .option("--method <method>", "the request's method", "POST")
    .option("--content-type <type>", "the request's content type", "application/json")
    .option("--content-encoding <codings>", "the request's content codings")
    .option("--jsonl", "read a body a line (a JSON string is taken as its text's bytes, an object as itself); print a verdict a line")
    .option("--explain", "say of each finding, in a sentence, why it counts")
    .action((file: string, options: InspectOptions) => {
      try {
        const judge = judgeOf(options);
        const input = readFileSync(file === "-" ? 0 : file);
        const bodies = options.jsonl === true ? linesOf(input).map(bodyOfLine) : [input];
        let clean = true;
        for (const body of bodies) {
          const verdict = judge(body);
          clean &&= verdict.kind === "allow" && verdict.findings.every((finding) => finding.action === "report");
          const shown = shownVerdict(verdict, options.explain === true);
          process.stdout.write(`${options.jsonl === true ? JSON.stringify(shown) : JSON.stringify(shown, null, 2)}\n`);
        }
        process.exitCode = clean ? 0 : 1;
      } catch (error) {
        process.stderr.write(`${error instanceof FaultsError ? error.message : badInput(error, file)}\n`);
        process.exitCode = 2;
      }
    });
}

function judgeOf(options: InspectOptions): (body: Buffer) => Verdict {
  const form = parseAbsoluteForm(options.to);
  if (isRefusal(form))
    throw new FaultsError("inspect can't use its options:", [
      { where: "--to", what: form.detail, mend: "Write a URL such as https://api.segment.io/v1/batch." },
    ]);
  const place = parsePath(form.originForm);
  if (isRefusal(place))
    throw new FaultsError("inspect can't use its options:", [
      { where: "--to", what: place.detail, mend: "Write the path in plain characters." },
    ]);
  const { index, inspector } = loadRules(loadSettings({ ...settingsFromFlags(options), env: process.env }), passingKey());
  return (body) => judgeBody(body, index, inspector, options, form.target, place);
}

function judgeBody(
  body: Buffer,
  index: PolicyIndex,
  inspector: Inspector,
  options: InspectOptions,
  target: Parameters<typeof matchDestination>[1],
  { path, query }: { readonly path: string; readonly query: string | undefined },
): Verdict {
  const { policy } = index;
  const found = matchDestination(index, target);
  if (!found.ok) return { kind: "block", caseName: found.caseName, reason: found.reason, findings: [] };
  const contentType = body.length === 0 ? undefined : options.contentType.split(";", 1)[0]?.trim().toLowerCase();
  const hasQuery = query !== undefined && query !== "";
  const routed = matchRoute(found.destination, { method: options.method, path, hasQuery, contentType });
  const { caseName } = found.destination;
  if (!routed.ok) return { kind: "block", caseName, reason: routed.reason, findings: [] };
  if (body.length > policy.limits.bodyBytes) return { kind: "block", caseName, reason: "body-too-large", findings: [] };
  const { schema, querySchema, readAs } = routed.route;
  const stated = { contentType: options.contentType, contentEncoding: options.contentEncoding, readAs };
  const reading = readBody(body, stated, policy.limits);
  const inspection = inspector.inspect(reading, { schema, querySchema, path, query, headers: [], namedHeaders: [], now: Date.now() });
  // Whose account it is can't be told from a body alone, so `inspect` never reports it (invariant 10).
  const findings = inspection.findings.filter((finding) => finding.rule !== "integrity/foreign-tenant");
  return decide({
    caseName,
    casePolicy: caseOf(policy, found.destination),
    findings,
    moreFindings: inspection.moreFindings,
    now: Date.now(),
  });
}

function shownVerdict(verdict: Verdict, explain: boolean): Readonly<Record<string, unknown>> {
  return {
    verdict: verdict.kind,
    case: verdict.caseName,
    ...(verdict.kind === "block" ? { reason: verdict.reason } : {}),
    findings: verdict.findings.map((finding) => shownFinding(finding, explain)),
    ...(explain ? { explanation: explainVerdict(verdict) } : {}),
  };
}

function shownFinding({ rule, pointer, action, mask, view, range, why }: Finding, explain: boolean): Readonly<Record<string, unknown>> {
  return { rule, pointer, action, mask, ...(explain ? { view, range, why } : {}) };
}

function linesOf(input: Buffer): string[] {
  const lines = input.toString("utf8").split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** A line that is a JSON string stands for its text, so that any bytes of text can be given; anything else stands for itself. */
function bodyOfLine(line: string): Buffer {
  if (!line.startsWith('"')) return Buffer.from(line);
  try {
    const text: unknown = JSON.parse(line);
    return Buffer.from(typeof text === "string" ? text : line);
  } catch {
    return Buffer.from(line);
  }
}

function badInput(error: unknown, file: string): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  return code === undefined
    ? `inspect failed: ${error instanceof Error ? error.name : "unknown fault"}`
    : `${file} can't be read (${code}). Name a readable file, or - for standard input.`;
}
