import { type ReportFacts, statusText } from "./facts.js";

/** A table of a report, before it is HTML or Markdown. */
export interface Section {
  readonly title: string;
  /** What it is, in a sentence or two. */
  readonly lead: string;
  readonly head: readonly string[];
  /** Columns of numbers, by index. */
  readonly numbers: readonly number[];
  readonly rows: readonly (readonly string[])[];
}

/** Inventory lines in print; the JSON holds all. */
const PRINTED = 1_000;

/** The report's tables in their order. */
export function sectionsOf(facts: ReportFacts): readonly Section[] {
  return [
    totals(facts),
    incidents(facts),
    transfers(facts),
    confirmations(facts),
    changes(facts),
    inventory(facts),
    policies(facts),
    chain(facts),
  ];
}

/** The answer in a few sentences, for who reads no further. */
export function summaryOf(facts: ReportFacts): readonly string[] {
  const reached = Object.values(facts.reached).reduce((sum, count) => sum + count, 0);
  const pending = facts.reached.open + facts.reached.confirmed + facts.reached.reported;
  const sum = (pick: (row: ReportFacts["totals"][number]) => number): number => facts.totals.reduce((all, row) => all + pick(row), 0);
  return [
    `${counted(sum((row) => row.allow + row.redact + row.block))} exchanges were judged: ${counted(sum((row) => row.allow))} let out, ${counted(sum((row) => row.redact))} redacted, ${counted(sum((row) => row.block))} refused.`,
    facts.transfers === 0
      ? "No Unexpected Data Transfer was recorded."
      : `${many(facts.transfers, "Unexpected Data Transfer")} (${many(facts.occurrences, "occurrence")}) of ${many(facts.incidents.length, "cause")}: ${statusText(facts.statuses)}.`,
    reached === 0
      ? "None of them reached the vendor."
      : `${counted(reached)} of them REACHED THE VENDOR; ${pending === 0 ? "each is deleted there or dismissed" : `for ${counted(pending)} the deletion is not confirmed`}.`,
    facts.changes.length === 0
      ? "Nothing left the building that had not left before."
      : `New were ${counted(facts.changes.length)} paths, event kinds or destinations.`,
    facts.verification.faults.length === 0
      ? `The record is whole: ${many(facts.verification.entries, "entry", "entries")} verified.`
      : `THE RECORD IS BROKEN in ${many(facts.verification.faults.length, "place")}, listed below.`,
  ];
}

function totals({ totals: rows }: ReportFacts): Section {
  return {
    title: "Exchanges by case and verdict",
    lead: "Whole days (UTC) that the period touches.",
    head: ["Case", "Let out", "Redacted", "Refused"],
    numbers: [1, 2, 3],
    rows: rows.map((row) => [row.case, counted(row.allow), counted(row.redact), counted(row.block)]),
  };
}

function incidents(facts: ReportFacts): Section {
  return {
    title: "Incidents",
    lead: "Unexpected Data Transfers of the same cause are one incident. Counts are over its whole life, states over the period.",
    head: [
      "Incident",
      "Case",
      "Destination",
      "Event",
      "Rules or reason",
      "Transfers",
      "Times",
      "Reached vendor",
      "First seen",
      "Last seen",
      "State",
    ],
    numbers: [5, 6, 7],
    rows: facts.incidents.map((one) => [
      one.id,
      one.case,
      one.destination,
      one.eventKind ?? "",
      one.rules.join(" ") || (one.reason ?? ""),
      counted(one.records),
      counted(one.occurrences),
      counted(one.transferred),
      minute(one.firstSeen),
      minute(one.lastSeen),
      statusText(one.statuses),
    ]),
  };
}

function transfers(facts: ReportFacts): Section {
  const more =
    facts.moreRecords > 0 ? ` ${counted(facts.moreRecords)} more are not listed here; \`egress-proxy records export\` gives all.` : "";
  return {
    title: "Unexpected Data Transfers",
    lead: `Each one whose last occurrence lies in the period.${more}`,
    head: ["Record", "Last seen", "Times", "Case", "Destination", "Verdict", "Reached vendor", "State", "Rules or reason"],
    numbers: [2],
    rows: facts.records.map((one) => [
      one.id,
      minute(one.lastSeen),
      counted(one.occurrences),
      one.case,
      one.destination,
      one.verdict,
      one.transferred ? "YES" : "no",
      one.due === null ? one.status : `${one.status}, answer due ${one.due.slice(0, 10)}`,
      one.rules.length > 0 ? one.rules.join(" ") : (one.reason ?? ""),
    ]),
  };
}

function confirmations(facts: ReportFacts): Section {
  return {
    title: "Deletions that the vendor confirmed",
    lead: "Who closed each, when, and how the vendor confirmed it; kept in the record's chain.",
    head: ["Record", "Closed", "By", "How", "The vendor's words"],
    numbers: [],
    rows: facts.confirmations.map((one) => [one.record, minute(one.at), one.by, one.why, one.answer ?? ""]),
  };
}

function changes(facts: ReportFacts): Section {
  const rows = facts.changes.slice(0, PRINTED);
  return {
    title: "Material changes",
    lead: `What left the building for the first time in the period.${unprinted(facts.changes.length)}`,
    head: ["Case", "Destination", "Path", "Type", "Length", "Times", "First seen", "Accepted"],
    numbers: [5],
    rows: rows.map((one) => [
      one.case,
      one.destination,
      one.path,
      one.type,
      one.lengthClass,
      counted(one.count),
      minute(one.firstSeen),
      one.materialChange ? "no" : "yes",
    ]),
  };
}

function inventory(facts: ReportFacts): Section {
  return {
    title: "Inventory: what has left the building",
    lead: `Paths, types and length classes of everything that was ever let out; never a value.${unprinted(facts.inventory.length)}`,
    head: ["Case", "Destination", "Path", "Type", "Length", "Times", "First seen", "Last seen"],
    numbers: [5],
    rows: facts.inventory
      .slice(0, PRINTED)
      .map((one) => [
        one.case,
        one.destination,
        one.path,
        one.type,
        one.lengthClass,
        counted(one.count),
        minute(one.firstSeen),
        minute(one.lastSeen),
      ]),
  };
}

function policies(facts: ReportFacts): Section {
  return {
    title: "Policies in force",
    lead: "By digest, from when on; the first may be older than the period.",
    head: ["Replica", "From", "Digest"],
    numbers: [],
    rows: facts.policies.map((one) => [one.replica, minute(one.from), one.digest]),
  };
}

function chain({ verification }: ReportFacts): Section {
  return {
    title: "Chain verification",
    lead: "Every entry's hash, every checkpoint's signature, and every record against its entries, when this report was made.",
    head: ["Replica", "Entries", "Checkpoints", "Signed by", "Result"],
    numbers: [1, 2],
    rows: [
      ...verification.replicas.map((one) => [
        one.replica,
        `${counted(one.entries)} (${one.first} to ${one.last})`,
        counted(one.checkpoints),
        one.keys.join(" "),
        verification.faults.some((fault) => fault.replica === one.replica) ? "BROKEN" : "whole",
      ]),
      ...verification.faults.slice(0, PRINTED).map((fault) => [fault.replica, String(fault.seq ?? ""), "", fault.kind, fault.what]),
    ],
  };
}

function unprinted(all: number): string {
  return all > PRINTED ? ` The first ${counted(PRINTED)} of ${counted(all)}; the JSON form holds all.` : "";
}

function many(count: number, one: string, more = `${one}s`): string {
  return `${counted(count)} ${count === 1 ? one : more}`;
}

function counted(count: number): string {
  return count.toLocaleString("en-US");
}

function minute(iso: string): string {
  return iso.slice(0, 16).replace("T", " ");
}
