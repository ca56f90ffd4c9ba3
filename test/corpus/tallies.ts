import type { CaseScore } from "./scoring.js";

/** Counts for one row of a table. */
export interface Tally {
  caught: number;
  missed: number;
  /** False alarms charged to the row. */
  wrong: number;
}

export interface Figures {
  readonly precision: number;
  readonly recall: number;
  /** F-measure that counts recall four times as much as precision (beta = 2). */
  readonly f2: number;
}

export type Table = Map<string, Tally>;

export const DIMENSIONS = ["category", "kind", "placement", "encoding", "locale", "destination"] as const;
export type Dimension = (typeof DIMENSIONS)[number];

export const SOFT_KINDS: readonly string[] = ["person-name-prose", "postal-address-prose"];

export function figuresOf(tally: Tally): Figures {
  const precision = ratio(tally.caught, tally.caught + tally.wrong);
  const recall = ratio(tally.caught, tally.caught + tally.missed);
  return { precision, recall, f2: precision + recall === 0 ? 0 : (5 * precision * recall) / (4 * precision + recall) };
}

/** 1 where nothing was asked: an empty row fails no floor. */
export function ratio(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}

/**
 * A rule's false alarms are charged to the kind of label that it caught most often; a rule that caught none, to its own id.
 * So precision by kind says how much of what is reported as that kind is that kind.
 */
export function kindsOfRules(scores: readonly CaseScore[]): (rule: string) => string {
  const counts = new Map<string, Map<string, number>>();
  for (const { label, rules } of scores.flatMap((score) => score.labels)) {
    for (const rule of rules) {
      const kinds = counts.get(rule) ?? new Map<string, number>();
      kinds.set(baseKind(label.kind), (kinds.get(baseKind(label.kind)) ?? 0) + 1);
      counts.set(rule, kinds);
    }
  }
  return (rule) => {
    const ranked = [...(counts.get(rule) ?? [])].sort((left, right) => right[1] - left[1]);
    return ranked[0]?.[0] ?? rule;
  };
}

export function tabulate(scores: readonly CaseScore[], dimension: Dimension): Table {
  const table: Table = new Map();
  const kindOf = kindsOfRules(scores);
  for (const score of scores) {
    for (const { label, rules } of score.labels) {
      const row = dimension === "kind" ? label.kind : dimension === "destination" ? score.destination : label[dimension];
      for (const name of dimension === "kind" && row.includes(":") ? [row, baseKind(row)] : [row])
        add(table, name, rules.length > 0 ? "caught" : "missed");
    }
    for (const alarm of score.falseAlarms) {
      const place = alarm.spot;
      const rows = {
        category: alarm.rule.split("/")[0] ?? "",
        kind: kindOf(alarm.rule),
        placement: place?.placement ?? "(elsewhere)",
        encoding: place?.encoding ?? "plain",
        locale: place?.locale ?? "neutral",
        destination: score.destination,
      };
      add(table, rows[dimension], "wrong");
    }
  }
  return table;
}

export function tabulateGroups(scores: readonly CaseScore[]): Table {
  const table: Table = new Map();
  const kindOf = kindsOfRules(scores);
  const groupOf = (category: string, kind: string): string =>
    category === "pii" ? (SOFT_KINDS.includes(kind) ? "soft-pii" : "structured-pii") : category;
  for (const score of scores) {
    for (const { label, rules } of score.labels) {
      const kind = SOFT_KINDS.includes(label.kind) ? label.kind : "other";
      add(table, groupOf(label.category, kind), rules.length > 0 ? "caught" : "missed");
    }
    for (const alarm of score.falseAlarms) {
      const kind = kindOf(alarm.rule);
      // A rule that only judges names or addresses and caught none is still one of theirs.
      const soft = SOFT_KINDS.includes(kind) || /^pii\/.*(person|name|postal)/.test(alarm.rule);
      add(table, groupOf(alarm.rule.split("/")[0] ?? "", soft ? "person-name-prose" : "other"), "wrong");
    }
  }
  return table;
}

/** Hard negatives that were flagged, of all; prose that names nobody is left to the precision of names. */
export function hardNegatives(scores: readonly CaseScore[]): { readonly flagged: number; readonly all: number } {
  const spots = scores.flatMap((score) => score.negatives).filter(({ spot }) => spot.kind !== "benign-prose");
  return { flagged: spots.filter(({ flagged }) => flagged).length, all: spots.length };
}

function baseKind(kind: string): string {
  return kind.split(":")[0] ?? kind;
}

function add<K>(table: Map<K, Tally>, row: K, what: keyof Tally): void {
  const tally = table.get(row) ?? { caught: 0, missed: 0, wrong: 0 };
  tally[what] += 1;
  table.set(row, tally);
}
