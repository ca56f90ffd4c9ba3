import { basename } from "node:path";
import { readAgents } from "./agents.js";
import { isTestPath, readCheckout } from "./checkout.js";
import { driftOf } from "./drift.js";
import type { AuditFinding, Observation, SkippedFile } from "./finding.js";
import { readFrontEnd } from "./front-end.js";
import { readPageVisits } from "./page-visits.js";
import { linkBase, linkOf } from "./links.js";
import type { PolicyView } from "./policy-view.js";
import { readPython, type PythonReport } from "./source-report.js";

export interface AuditOptions {
  readonly policy: PolicyView | undefined;
  /** How the policy's folder is called in findings about it. */
  readonly rulesName: string;
  /** Start of every link; undefined: from the checkout's own git folder, else relative. */
  readonly linkBase: string | undefined;
}

export interface AuditResult {
  readonly root: string;
  readonly findings: readonly AuditFinding[];
  readonly skipped: readonly SkippedFile[];
  readonly filesRead: number;
  readonly bytesRead: number;
  readonly python: PythonReport;
}

/** Reads a checkout and says what it sends. Opens files for reading only and runs nothing of them. */
export async function audit(folder: string, options: AuditOptions): Promise<AuditResult> {
  const checkout = await readCheckout(folder);
  const deployed = checkout.files.filter((file) => file.kind !== "python" || !isTestPath(file.path));
  const python = readPython(deployed);
  const skipped = [...checkout.skipped, ...python.broken].sort((a, b) => (a.file < b.file ? -1 : 1));
  const seen: Observation[] = unique([
    ...python.observations,
    ...readFrontEnd(checkout.files),
    ...readPageVisits(checkout.files),
    ...readAgents(checkout.files),
  ]);
  const drift = options.policy === undefined ? [] : driftOf(seen, options.policy, options.rulesName);
  const notes = skipped.map(
    (file): Observation => ({ kind: "skipped", file: file.file, line: file.line, name: basename(file.file), detail: file.why }),
  );
  const base = options.linkBase ?? (await linkBase(checkout.root));
  const findings = [...seen, ...drift, ...notes].map((one) => ({
    kind: one.kind,
    file: one.file,
    line: one.line,
    name: one.name,
    detail: one.detail,
    link: linkOf(base, one),
  }));
  return { root: checkout.root, findings, skipped, filesRead: checkout.files.length, bytesRead: checkout.bytes, python };
}

function unique(found: readonly Observation[]): Observation[] {
  const seen = new Set<string>();
  return found.filter((one) => {
    const key = `${one.kind}\n${one.file}\n${one.line}\n${one.name}\n${one.detail}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}
