import { AUDIT_KINDS, type AuditFinding, type AuditKind, type Observation } from "./finding.js";

/** One material change between two versions. */
export interface MaterialChange {
  readonly change: "added" | "removed" | "changed";
  readonly kind: AuditKind;
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly detail: string;
}

type Seen = Pick<AuditFinding, "kind" | "file" | "line" | "name" | "detail"> | Observation;

/** What makes a difference to a customer; a risk or a drift is a judgement of these and would count twice. */
const MATERIAL: ReadonlySet<AuditKind> = new Set<AuditKind>([
  "event-field",
  "event-call",
  "segment-track",
  "segment-identify",
  "outbound-call",
  "tag-manager",
  "front-end-host",
  "page-visit",
  "support-route",
  "agent",
]);

/**
 * Compares two audits. A thing is known by its kind and name; where it stands does not count, so a moved line or a renamed file is no
 * change. The same name with another text (a description, what flows in) is one change.
 */
export function materialChanges(before: readonly Seen[], after: readonly Seen[]): MaterialChange[] {
  const old = group(before);
  const now = group(after);
  const out: MaterialChange[] = [];
  for (const [key, found] of now) {
    const was = old.get(key);
    const [first] = found;
    if (first === undefined) continue;
    if (was === undefined)
      out.push({ change: "added", kind: first.kind, name: first.name, file: first.file, line: first.line, detail: first.detail });
    else {
      const oldTexts = new Set(was.map(textOf));
      const newTexts = new Set(found.map(textOf));
      const fresh = found.find((one) => !oldTexts.has(textOf(one)));
      const gone = was.find((one) => !newTexts.has(textOf(one)));
      if (fresh !== undefined || gone !== undefined) {
        const shown = fresh ?? first;
        const detail =
          fresh === undefined
            ? `No longer: ${gone?.detail ?? ""}`
            : gone === undefined
              ? `Now also: ${fresh.detail}`
              : `Was: ${gone.detail} Is: ${fresh.detail}`;
        out.push({ change: "changed", kind: shown.kind, name: shown.name, file: shown.file, line: shown.line, detail });
      }
    }
  }
  for (const [key, was] of old) {
    const [first] = was;
    if (first !== undefined && !now.has(key))
      out.push({ change: "removed", kind: first.kind, name: first.name, file: first.file, line: first.line, detail: first.detail });
  }
  return out.sort((a, b) => (a.kind + a.name < b.kind + b.name ? -1 : 1));
}

function group(found: readonly Seen[]): Map<string, Seen[]> {
  const out = new Map<string, Seen[]>();
  for (const one of found) {
    if (!MATERIAL.has(one.kind)) continue;
    const key = `${one.kind} ${one.name}`;
    const held = out.get(key);
    if (held === undefined) out.set(key, [one]);
    else held.push(one);
  }
  return out;
}

/**
 * What of a finding counts as its content. A host, a route, an agent or a Segment member is its name; of a field its type and source
 * count, of an event what flows into its open fields. Places and destinations are findings of their own.
 */
function textOf(one: Seen): string {
  switch (one.kind) {
    case "event-field":
      return one.detail.replace(/ to [^=]*$/, "");
    case "event-call":
      return one.detail.replace(/(?:; |: )also [\w, ]*\.$/, "");
    default:
      return "";
  }
}

/** The findings of a JSON report; undefined where the text is none. */
export function parseBaseline(text: string): readonly Seen[] | undefined {
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    return undefined;
  }
  const listed = typeof report === "object" && report !== null && "findings" in report ? report.findings : undefined;
  if (!Array.isArray(listed)) return undefined;
  const out: Seen[] = [];
  for (const one of listed as unknown[]) {
    if (typeof one !== "object" || one === null) return undefined;
    const { kind, file, line, name, detail } = one as Record<string, unknown>;
    const known = AUDIT_KINDS.find((word) => word === kind);
    if (
      known === undefined ||
      typeof file !== "string" ||
      typeof line !== "number" ||
      typeof name !== "string" ||
      typeof detail !== "string"
    )
      return undefined;
    out.push({ kind: known, file, line, name, detail });
  }
  return out;
}
