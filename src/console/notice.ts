import { reasonSentence } from "../model/reasons.js";
import type { DeskRecord } from "../model/record-desk.js";
import { ANSWER_MS } from "./desk-access.js";
import { codePathOf } from "./code-path.js";

/** What the vendor is told of one Unexpected Data Transfer. Holds no value, since the record holds none. */
export interface Notice {
  readonly record: string;
  readonly written: string;
  readonly reached: boolean;
  readonly case: string;
  readonly request: string;
  readonly event: string | null;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly occurrences: number;
  readonly happened: string;
  readonly found: readonly { readonly rule: string; readonly place: string; readonly why: string }[];
  readonly moreFindings: number;
  readonly codePath: string | null;
  readonly asks: readonly string[];
  /** Until when an answer is asked for, as a date. */
  readonly due: string;
}

/** Writes the notice of a record as it stands. Only what reached the vendor is asked to be deleted. */
export function noticeOf(record: DeskRecord, now: number): Notice {
  return {
    record: record.id,
    written: new Date(now).toISOString().slice(0, 10),
    reached: record.transferred,
    case: record.case,
    request: `${record.method} ${record.host}${record.port === 443 ? "" : `:${record.port}`}${record.path}`,
    event: record.eventKind,
    firstSeen: record.firstSeen,
    lastSeen: record.lastSeen,
    occurrences: record.occurrences,
    happened: happened(record),
    found: record.findings.map(({ rule, pointer, why }) => ({ rule, place: pointer, why })),
    moreFindings: record.moreFindings,
    codePath: codePathOf(record) ?? null,
    asks: asksOf(record),
    due: (record.due ?? new Date(now + ANSWER_MS).toISOString()).slice(0, 10),
  };
}

function happened(record: DeskRecord): string {
  if (record.transferred) return "It reached you.";
  if (record.verdict === "redact") return "The request reached you with the values below removed; the values themselves did not.";
  const why = record.reason === null ? "" : ` ${reasonSentence(record.reason)}`;
  return `We stopped it; nothing of it reached you.${why}`;
}

function asksOf(record: DeskRecord): readonly string[] {
  const repair = "Tell us in which version your code no longer sends this.";
  if (!record.transferred) return ["Confirm that this is no part of the Limited Cases.", repair];
  return [
    "Delete what you received of it, in every copy, backup and processor's account.",
    "Confirm the deletion in writing, with its date.",
    "Tell us who had access to it in the meantime.",
    repair,
  ];
}

/** The notice for another program. */
export function noticeJson(notice: Notice): Readonly<Record<string, unknown>> {
  return { kind: "unexpected-data-transfer-notice", version: 1, ...notice };
}

/** The notice as a letter. */
export function noticeMarkdown(notice: Notice): string {
  const times = notice.occurrences === 1 ? "once" : `${notice.occurrences} times`;
  const lines = [
    `# Notice of an Unexpected Data Transfer`,
    "",
    `Record ${code(notice.record)}, written ${notice.written}.`,
    "",
    "## What happened",
    "",
    `Our Diffgram installation made a request that holds data outside your four Limited Cases. ${notice.happened}`,
    "",
    `- Request: ${code(notice.request)}`,
    `- Case: ${code(notice.case)}`,
    ...(notice.event === null ? [] : [`- Event: ${code(notice.event)}`]),
    `- Seen ${times}: first ${notice.firstSeen}, last ${notice.lastSeen} (UTC)`,
    "",
    "## What it holds",
    "",
    "Places and kinds only; we keep no values.",
    "",
    ...(notice.found.length === 0 ? ["- The request itself is not allowed; no field of it was judged."] : notice.found.map(foundLine)),
    ...(notice.moreFindings > 0 ? [`- and ${notice.moreFindings} more places`] : []),
    "",
    "## Where in the code",
    "",
    notice.codePath ?? `We know no more than the request above; it is made by your software in our installation.`,
    "",
    `## What we ask, by ${notice.due}`,
    "",
    ...notice.asks.map((sentence, index) => `${index + 1}. ${sentence}`),
    "",
  ];
  return lines.join("\n");
}

function foundLine({ rule, place, why }: Notice["found"][number]): string {
  return `- ${code(rule)} at ${code(place === "" ? "the whole body" : place)}: ${plain(why)}`;
}

/** Text of the traffic as code: no markup of its own, and no line of its own. */
function code(text: string): string {
  return `\`${plain(text).replaceAll("`", "'")}\``;
}

function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
}
