import { writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { proposeException } from "../config/policy-exception.js";
import { readRulesDir } from "../config/rules-directory.js";
import { loadSettings } from "../config/settings.js";
import { settingsFromFlags } from "../config/settings-flags.js";
import { FaultsError } from "../model/fault.js";
import { dismissalOf, NEXT_STATUSES, TRANSFER_STATUSES, type TransferStatus } from "../model/record-desk.js";
import { type DeskBeside, openDeskBeside } from "../record/desk-beside.js";
import type { RecordArchive } from "../record/record-archive.js";
import { print, reading, type StoreFlags, stored, telling, textFile } from "./record-flags.js";

const CLOCK = { now: () => Date.now() };
const ID = ["<id>", "a record's id, or the id of any exchange that was an occurrence of it"] as const;
const ANSWER_MS = 14 * 86_400_000;
const MOST_ANSWER = 20_000;

interface StatusFlags extends StoreFlags {
  readonly by: string;
  readonly why: string;
  readonly due?: number;
  readonly confirmation?: string;
}

interface EvidenceFlags extends StoreFlags {
  readonly by: string;
  readonly why: string;
  readonly out: string;
}

type ExceptionFlags = StoreFlags & Readonly<Record<string, unknown>>;

/** What is decided about a record: its status, the exception that a dismissal can propose, and who takes its sealed bodies out. */
export function addRecordDecisions(records: Command): void {
  stored(records.command("status"))
    .argument(...ID)
    .addArgument(records.createArgument("<status>", "what it becomes").choices(TRANSFER_STATUSES))
    .description("open, confirmed, reported, deleted; or dismissed: one step, kept in the chain with who, when and why")
    .requiredOption("--why <reason>", "why; for reported how the vendor was told, for deleted how they confirmed it")
    .option("--by <name>", "who decides", userInfo().username)
    .option("--due <date>", "of reported: until when the vendor is to answer, 14 days from now where it is left out", dueDate)
    .option("--confirmation <file>", "of deleted: a text file with the vendor's answer, kept word for word")
    .action((id: string, status: TransferStatus, flags: StatusFlags) => onDesk(flags, (desk) => changeStatus(desk, id, status, flags)));
  stored(records.command("exception"))
    .argument(...ID)
    .description("of a dismissed record: the change of the policy that would let it out, as a diff; applies nothing")
    .option("--config <file>", "settings file (default: ./egress-proxy.yaml where there is one)")
    .option("--rules <dir>", "folder of policy, rules and schemas")
    .addOption(new Option("--format <format>").choices(["diff", "json"]).default("diff"))
    .action((id: string, flags: ExceptionFlags) => reading(flags, (archive) => propose(archive, id, flags)));
  stored(records.command("evidence"))
    .argument(...ID)
    .description("write the sealed bodies of a record as age files; who took them stays in the chain")
    .requiredOption("--by <name>", "who takes them out")
    .requiredOption("--why <reason>", "what for")
    .option("--out <dir>", "where the files go", ".")
    .action((id: string, flags: EvidenceFlags) => reading(flags, (archive) => writeEvidence(archive, id, flags)));
}

function onDesk(flags: StoreFlags, work: (desk: DeskBeside) => Promise<void>): Promise<void> {
  return telling(async () => {
    const desk = await openDeskBeside(flags.data, flags.store, CLOCK);
    try {
      await work(desk);
    } finally {
      await desk.close();
    }
  });
}

async function changeStatus(
  desk: DeskBeside,
  id: string,
  status: TransferStatus,
  { by, why, due, confirmation }: StatusFlags,
): Promise<void> {
  const record = await desk.get(id);
  if (record === undefined) return none(id);
  const at = CLOCK.now();
  const { outcome, from } = await desk.setStatus(record.id, {
    status,
    by,
    why,
    at,
    ...(status === "reported" && { due: due ?? at + ANSWER_MS }),
    ...(status === "deleted" && confirmation !== undefined && { confirmation: answerIn(confirmation) }),
  });
  if (outcome === "done") return print(`${record.id} is ${status}.`);
  const next = from === undefined ? [] : NEXT_STATUSES[from];
  process.stderr.write(
    outcome === "no-record"
      ? `${record.id} is still in the spool; try again once the store took it.\n`
      : `${record.id} is ${from ?? "elsewhere"}, and from there it can become ${next.length === 0 ? "nothing else" : next.join(" or ")}.\n`,
  );
  process.exitCode = 1;
}

function answerIn(file: string): string {
  const text = textFile(file, "--confirmation").trim();
  if (text !== "" && text.length <= MOST_ANSWER) return text;
  throw new FaultsError("The vendor's answer can't be kept.", [
    {
      where: file,
      what: `It is empty, or longer than ${MOST_ANSWER} characters.`,
      mend: "Keep the part that confirms the deletion, and name the rest in --why.",
    },
  ]);
}

async function propose({ reader }: RecordArchive, id: string, flags: ExceptionFlags): Promise<void> {
  const record = await reader.get(id);
  if (record === undefined) return none(id);
  const dismissal = dismissalOf(record, await reader.history(record.id));
  if (dismissal === undefined) {
    process.stderr.write(`${record.id} is ${record.status}; an exception is proposed for a dismissed record only.\n`);
    process.exitCode = 1;
    return;
  }
  const settings = loadSettings({ ...settingsFromFlags(flags), env: process.env });
  const proposal = proposeException(readRulesDir(settings.rules, settings.overlays), record, { ...dismissal, now: CLOCK.now() });
  if (flags["format"] === "json") return print(JSON.stringify(proposal, undefined, 2));
  for (const note of proposal.notes) process.stderr.write(`${note}\n`);
  if (proposal.diff === "") process.exitCode = 1;
  else process.stdout.write(proposal.diff);
}

async function writeEvidence(archive: RecordArchive, id: string, { by, why, out }: EvidenceFlags): Promise<void> {
  const record = await archive.reader.get(id);
  const bodies = record === undefined ? [] : await archive.takeEvidence(record.id, { by, why, at: CLOCK.now() });
  if (bodies.length === 0) {
    process.stderr.write(`No evidence is kept of ${JSON.stringify(id)}; the setting evidence.recipients says to whom bodies are sealed.\n`);
    process.exitCode = 1;
    return;
  }
  for (const { exchange, file, bytes, intact } of bodies) {
    const path = join(out, `${exchange}.age`);
    writeFileSync(path, file, { mode: 0o600, flag: "wx" });
    await print(
      `${path}: ${bytes} bytes once opened by \`age --decrypt -i KEY ${path}\`${intact ? "" : ". CHANGED since it was sealed: the chain knows another digest"}`,
    );
    if (!intact) process.exitCode = 1;
  }
}

function none(id: string): void {
  process.stderr.write(`No record and no exchange has the id ${JSON.stringify(id)}.\n`);
  process.exitCode = 1;
}

/** The end of that day, so that the vendor has it whole. */
function dueDate(text: string): number {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T23:59:59Z`) : Number.NaN;
  if (Number.isNaN(time) || time < Date.now()) throw new InvalidArgumentError("Write a day from today on, such as 2026-12-08.");
  return time;
}
