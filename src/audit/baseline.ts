import type { AuditFinding, AuditKind, Observation } from "./finding.js";

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
  "event-field", "event-call", "segment-track", "segment-identify", "outbound-call", "tag-manager", "front-end-host", "support-route", "agent",
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
    if (was === undefined) out.push({ change: "added", kind: first.kind, name: first.name, file: first.file, line: first.line, detail: first.detail });
    else {
      const oldTexts = new Set(was.map(textOf));
      const newTexts = new Set(found.map(textOf));
      const fresh = found.find((one) => !oldTexts.has(textOf(one)));
      const gone = was.find((one) => !newTexts.has(textOf(one)));
      if (fresh !== undefined || gone !== undefined) {
        const shown = fresh ?? first;
        const detail = fresh === undefined ? `No longer: ${gone?.detail ?? ""}` : gone === undefined ? `Now also: ${fresh.detail}` : `Was: ${gone.detail} Is: ${fresh.detail}`;
        out.push({ change: "changed", kind: shown.kind, name: shown.name, file: shown.file, line: shown.line, detail });
      }
    }
  }
  for (const [key, was] of old) {
    const [first] = was;
    if (first !== undefined && !now.has(key)) out.push({ change: "removed", kind: first.kind, name: first.name, file: first.file, line: first.line, detail: first.detail });
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

/** What is said, without the places in it. */
function textOf(one: Seen): string {
  return one.detail.replace(/\b[\w./-]+\.(?:py|ts|js|vue|html):\d+/g, "");
}
