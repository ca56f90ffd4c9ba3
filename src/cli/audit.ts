import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { audit } from "../audit/audit.js";
import { materialChanges, parseBaseline, type MaterialChange } from "../audit/baseline.js";
import { readPolicyView } from "../audit/policy-view.js";
import { FORMATS, render, type Format } from "../audit/report/report.js";
import { draftSchemas } from "../audit/schema-draft.js";
import { packageRoot } from "../config/package-root.js";
import { FaultsError } from "../model/fault.js";

const FAIL_ON = ["drift", "risk", "change", "none"] as const;
type FailOn = (typeof FAIL_ON)[number];

interface AuditFlags {
  readonly rules?: string;
  readonly policy: boolean;
  readonly format: Format;
  readonly out?: string;
  readonly baseline?: string;
  readonly writeSchema?: string;
  readonly linkBase?: string;
  readonly failOn: readonly FailOn[];
}

/** Exit codes: 0 nothing that `--fail-on` names, 1 something of it, 2 bad use, 3 a file was skipped (whatever else was found). */
export function addAuditCommand(program: Command): void {
  program
    .command("audit")
    .description("Reads a Diffgram checkout and says what it sends, held against the policy.")
    .argument("<dir>", "the checkout")
    .option("--rules <dir>", "the policy's folder (default: the one that ships)")
    .option("--no-policy", "compare with no policy")
    .addOption(new Option("--format <format>", "how to print").choices(FORMATS).default("text"))
    .option("--out <file>", "write the report there instead of to the terminal")
    .option("--baseline <dir-or-json>", "an earlier checkout or JSON report: print the material changes since it")
    .option("--write-schema <dir>", "write proposed payload schemas there")
    .option("--link-base <url>", "start of links (default: from the checkout's git folder)")
    .option("--fail-on <what>", `comma-separated: ${FAIL_ON.join(", ")}`, parseFailOn, ["drift", "risk", "change"] as const)
    .action(async (dir: string, flags: AuditFlags) => {
      try {
        process.exitCode = await run(dir, flags);
      } catch (error) {
        if (!(error instanceof FaultsError) && !isSystemError(error)) throw error;
        process.stderr.write(`${error.message}\n`);
        process.exitCode = 2;
      }
    });
}

async function run(dir: string, flags: AuditFlags): Promise<number> {
  await needFolder(dir, "the checkout");
  const rules = flags.rules ?? join(packageRoot(), "rules");
  const policy = flags.policy ? await readPolicyView(rules) : undefined;
  const result = await audit(dir, { policy, rulesName: flags.rules ?? "rules", linkBase: flags.linkBase });
  const baseline = flags.baseline === undefined ? undefined : await readBaseline(flags.baseline, result.findings);
  const report = { findings: result.findings, changes: baseline?.changes, filesRead: result.filesRead, ...(await ownPackage()) };
  const text = render(report, flags.format);
  if (flags.out === undefined) process.stdout.write(text);
  else await writeFile(flags.out, text);
  if (flags.writeSchema !== undefined) {
    await mkdir(flags.writeSchema, { recursive: true });
    for (const [name, schema] of draftSchemas(result.python.world, result.python.flow))
      await writeFile(join(flags.writeSchema, name), schema);
  }
  if (result.skipped.length > 0 || (baseline?.skipped ?? 0) > 0) {
    process.stderr.write(
      `${result.skipped.length + (baseline?.skipped ?? 0)} files were skipped and are named in the report: exit code 3.\n`,
    );
    return 3;
  }
  const has = (what: FailOn): boolean => flags.failOn.includes(what);
  const fails =
    (has("drift") && result.findings.some((one) => one.kind === "drift")) ||
    (has("risk") && result.findings.some((one) => one.kind === "udt-risk")) ||
    (has("change") && (baseline?.changes.length ?? 0) > 0);
  return fails ? 1 : 0;
}

async function readBaseline(
  path: string,
  now: Parameters<typeof materialChanges>[1],
): Promise<{ readonly changes: readonly MaterialChange[]; readonly skipped: number }> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true) {
    const before = await audit(path, { policy: undefined, rulesName: "rules", linkBase: "" });
    return { changes: materialChanges(before.findings, now), skipped: before.skipped.length };
  }
  const text = await readFile(path, "utf8").catch(() => undefined);
  const before = text === undefined ? undefined : parseBaseline(text);
  if (before === undefined) {
    throw new FaultsError("The baseline can't be read.", [
      {
        what: "It is neither a folder nor a JSON report of this command.",
        where: `--baseline ${path}`,
        mend: "Give a checkout, or a report written with --format json.",
      },
    ]);
  }
  return { changes: materialChanges(before, now), skipped: 0 };
}

async function needFolder(path: string, what: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() !== true)
    throw new FaultsError(`There is nothing to audit.`, [
      { what: `${path} is no folder.`, where: what, mend: "Give the path of a checkout of Diffgram." },
    ]);
}

function parseFailOn(value: string): readonly FailOn[] {
  const words = value.split(",").map((word) => word.trim());
  const known = words.flatMap((word) => FAIL_ON.find((one) => one === word) ?? []);
  if (known.length !== words.length) throw new InvalidArgumentError(`Name some of ${FAIL_ON.join(", ")}.`);
  return known.includes("none") ? [] : known;
}

/** What package.json says of this tool: its version, and its page where whoever publishes it names one. */
async function ownPackage(): Promise<{ readonly version: string; readonly home: string | undefined }> {
  const text = await readFile(join(packageRoot(), "package.json"), "utf8").catch(() => "{}");
  const told = (name: string): string | undefined => new RegExp(`"${name}"\\s*:\\s*"([^"]+)"`).exec(text)?.[1];
  return { version: told("version") ?? "0.0.0", home: told("homepage") };
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && "syscall" in error;
}
