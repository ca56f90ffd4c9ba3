import { decodeContent } from "./body/content-coding.js";
import { readBody } from "./body/read-body.js";
import { dropItems, replaceValues } from "./forward/redaction.js";
import { header } from "./model/exchange.js";
import type { ByteRange, Finding } from "./model/finding.js";
import { isRefusal } from "./model/refusal.js";
import { bodyHeadOf, inspectRequest } from "./pipeline-inspection.js";
import type { Judged, Known, PipelineParts } from "./pipeline-parts.js";
import { decide } from "./verdict/decision.js";
import { caseOf } from "./verdict/policy-index.js";

/** The bytes that go upstream; `coded`: under the client's own Content-Encoding. */
export interface Outgoing {
  readonly body: Buffer;
  readonly coded: boolean;
}

/** Codings whose format has no place for bytes that a decoder skips, as `body/` reads them. */
const TRANSPARENT = new Set(["identity", "gzip", "x-gzip"]);

/**
 * The captured bytes as they are; but Brotli, zstd and deflate have blocks, frames and bits that decoders pass over, which would carry
 * out what nobody read. Their content goes out decoded: what was inspected is what is sent (invariant 2).
 */
export function outgoingOf({ head, body, rules }: Judged): Outgoing {
  const codings = header(head.headers, "content-encoding");
  if (codings === undefined || TRANSPARENT.has(codings.trim().toLowerCase())) return { body, coded: true };
  const decoded = decodeContent(body, codings, rules.index.policy.limits);
  if (!decoded.ok) throw new Error("A body that was read can't be decoded again.");
  return { body: Buffer.from(decoded.value), coded: false };
}

/**
 * Takes out what is to be redacted and judges the result like any other body: first by replacing values, then by dropping the items of a
 * batch that are still not clean.
 *
 * @returns undefined where the result would not be clean
 */
export async function redact(
  ranges: readonly ByteRange[],
  known: Known,
  request: Judged,
  parts: PipelineParts,
): Promise<Outgoing | undefined> {
  const { limits } = request.rules.index.policy;
  const codings = bodyHeadOf(request);
  // The views' bytes are UTF-8: a body in another charset would go out under the wrong name.
  if (/charset\s*=\s*"?(?!utf-?8)/i.test(codings.contentType ?? "")) return undefined;
  const view = readBody(request.body, codings, limits).views[0];
  if (view?.kind !== "json") return undefined;
  const replaced = replaceValues(view.bytes, view.root, ranges);
  if (replaced === undefined) return undefined;
  const left = await judgeAgain(replaced, known, request, parts);
  if (left === undefined) return undefined;
  if (left.length === 0) return { body: replaced, coded: false };
  const unit = known.inspection?.redactionUnit;
  const again = readBody(replaced, { ...codings, contentEncoding: undefined }, limits).views[0];
  if (unit === undefined || again?.kind !== "json") return undefined;
  const dropped = dropItems(again.bytes, again.root, unit, left);
  if (dropped === undefined) return undefined;
  return (await judgeAgain(dropped, known, request, parts))?.length === 0 ? { body: dropped, coded: false } : undefined;
}

/** What is still to be kept back in a redacted body; undefined where it can't be told. */
async function judgeAgain(body: Buffer, known: Known, request: Judged, parts: PipelineParts): Promise<readonly Finding[] | undefined> {
  const headers = request.head.headers.filter(([name]) => name.toLowerCase() !== "content-encoding");
  const inspection = await inspectRequest({ ...request, head: { ...request.head, headers }, body }, parts);
  if (isRefusal(inspection) || inspection.moreFindings > 0) return undefined;
  known.outline = inspection.outline;
  const casePolicy = caseOf(request.rules.index.policy, request.destination);
  const { findings } = inspection;
  const verdict = decide({ caseName: known.caseName, casePolicy, findings, moreFindings: 0, now: parts.clock.now() });
  return verdict.findings.filter((finding) => finding.action !== "report");
}
