import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { loadPolicy } from "../config/policy.js";
import { readRulesDir, schemaNamesOf } from "../config/rules-directory.js";
import { loadSettings } from "../config/settings.js";
import { addRunOptions, settingsFromFlags } from "../config/settings-flags.js";
import { suggest } from "../config/suggestion.js";
import { ruleIdsOf } from "../inspect/rule-ids.js";
import { FaultsError } from "../model/fault.js";
import type { DeskRecord } from "../model/record-desk.js";
import { openInstallationKey } from "../record/installation-key.js";
import { openRecordArchive } from "../record/record-archive.js";
import { print } from "./record-flags.js";
import { type KnownNames, unlistedValues, unnamedMembers } from "./suggest-gather.js";

interface Flags extends Readonly<Record<string, unknown>> {
  readonly checkout?: string;
  readonly names?: string;
}

/**
 * `egress-proxy suggest`: what was let out in monitor mode and would be refused without it, as changes of policy and schemas: a diff on standard
 * output with its evidence, what needs a person on standard error. Exit 0 where there is nothing to say, 1 where there is, 2 bad use.
 */
export function addSuggestCommand(program: Command): void {
  addRunOptions(program.command("suggest"))
    .description("propose policy and schema changes from what was seen in monitor mode, as a diff for the rules folder; nothing is applied")
    .option("--checkout <dir>", "a checkout of Diffgram, whose words may be the names behind pseudonyms")
    .option("--names <file>", "further names, one a line")
    .action(async (flags: Flags) => {
      try {
        await propose(flags);
      } catch (error) {
        if (!(error instanceof FaultsError)) throw error;
        process.stderr.write(`${error.message}\n`);
        process.exitCode = 2;
      }
    });
}

async function propose(flags: Flags): Promise<void> {
  const settings = loadSettings({ ...settingsFromFlags(flags), env: process.env });
  const files = readRulesDir(settings.rules, settings.overlays);
  const { policy } = loadPolicy(files, {
    now: Date.now(),
    connectTo: settings.upstream.connect_to,
    schemaNames: schemaNamesOf(files),
    ruleIds: ruleIdsOf(files.rules),
  });
  const archive = await openRecordArchive(settings.data, settings.store.url === "sqlite" ? undefined : settings.store.url);
  try {
    if (archive.warning !== undefined) process.stderr.write(`${archive.warning}\n`);
    const records: DeskRecord[] = [];
    for await (const record of archive.reader.exportAll({})) if (record.transferred && record.findings.length > 0) records.push(record);
    const names = knownNames(settings.data, wordsOf(flags));
    const { diff, notes } = suggest(
      files,
      unnamedMembers(records, await archive.inventory.all(), policy, names),
      unlistedValues(records, names),
    );
    for (const note of notes) process.stderr.write(`${note}\n`);
    if (diff !== "") await print(diff.trimEnd());
    if (diff === "" && notes.length === 0) await print("Nothing was let out in monitor mode that policy and schemas do not name.");
    else process.exitCode = 1;
  } finally {
    await archive.close();
  }
}

/** Names are known by trying: the installation's key makes the same pseudonym of the same word. */
function knownNames(data: string, words: ReadonlySet<string>): KnownNames {
  const key = openInstallationKey(data);
  const byHmac = new Map([...words].map((word) => [key.hmac(word), word]));
  const byPseudonym = new Map([...words].map((word) => [key.short(word), word]));
  return { byHmac: (hmac) => byHmac.get(hmac), byPseudonym: (pseudonym) => byPseudonym.get(pseudonym) };
}

const SOURCES = /\.(?:py|js|ts|vue|json|ya?ml)$/;
const SKIPPED = new Set(["node_modules", ".git", "dist"]);
const MOST_FILES = 50_000;
const MOST_BYTES = 2_000_000;

function wordsOf({ checkout, names }: Flags): ReadonlySet<string> {
  const words = new Set<string>();
  for (const line of names === undefined ? [] : textOf(names, "--names").split("\n")) if (line.trim() !== "") words.add(line.trim());
  if (checkout === undefined) return words;
  const folders = [checkout];
  let files = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for (const entry of listed(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) folders.push(path);
      if (!entry.isFile() || !SOURCES.test(entry.name) || files >= MOST_FILES || statSync(path).size > MOST_BYTES) continue;
      files += 1;
      for (const [word] of textOf(path, "--checkout").matchAll(/[A-Za-z_][A-Za-z0-9_-]{1,63}/g)) words.add(word);
    }
  }
  return words;
}

function listed(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    throw unreadable("--checkout", folder);
  }
}

function textOf(path: string, flag: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw unreadable(flag, path);
  }
}

function unreadable(flag: string, path: string): FaultsError {
  return new FaultsError("Names can't be looked for:", [
    { where: flag, what: `${path} can't be read.`, mend: "Name what this user may read." },
  ]);
}
