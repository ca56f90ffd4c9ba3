import { writeFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { FaultsError } from "../model/fault.js";
import { openAuthority } from "../tls/authority.js";
import {
  type AuthorityDescription,
  describeAuthorities,
  promoteAuthority,
  retirePrevious,
  stageAuthority,
} from "../tls/authority-rotation.js";
import { LeafHostError } from "../tls/name.js";
import { systemRoots } from "../tls/system-roots.js";

interface CertsFlag {
  readonly certs: string;
}

interface ConstrainFlag {
  readonly constrain?: string[];
}

/** `egress-proxy ca`: the CA that signs the certificates shown to Diffgram. Prints certificates, never the key. */
export function addCaCommand(program: Command): void {
  const ca = program.command("ca").description("make, show, hand out and rotate the CA that clients of the proxy trust");
  const certs = (): Option => new Option("--certs <dir>", "folder of ca.crt and ca.key").env("EGRESS_PROXY_CERTS").default("./certs");
  const constrain = (): Option =>
    new Option("--constrain <host...>", "limit the CA to these hosts, names under them, and addresses named here");

  ca.command("init")
    .description("create the CA (13 months, key mode 0600) where there is none")
    .addOption(certs())
    .addOption(constrain())
    .action((flags: CertsFlag & ConstrainFlag) => reporting(() => init(flags)));

  ca.command("show")
    .description("subject, fingerprint, validity and name constraints of each CA; exit 1 where it can't sign")
    .addOption(certs())
    .addOption(new Option("--format <format>").choices(["text", "json"]).default("text"))
    .action((flags: CertsFlag & { format: "text" | "json" }) => reporting(() => show(flags)));

  ca.command("bundle")
    .description("what REQUESTS_CA_BUNDLE must hold: this CA and the system's roots, which that variable replaces")
    .addOption(certs())
    .addOption(new Option("--out <file>", "write there, not to standard output"))
    .action((flags: CertsFlag & { out?: string }) => reporting(() => bundle(flags)));

  ca.command("rotate")
    .description("stage the next CA; hand out the bundle; then --promote it; when all leaves of the old one are gone, --retire it")
    .addOption(certs())
    .addOption(constrain().conflicts(["promote", "retire"]))
    .addOption(new Option("--promote", "let the staged CA sign").conflicts("retire"))
    .addOption(new Option("--retire", "take the previous CA out of the bundle"))
    .action((flags: CertsFlag & ConstrainFlag & { promote?: true; retire?: true }) => reporting(() => rotate(flags)));
}

async function init({ certs, constrain }: CertsFlag & ConstrainFlag): Promise<void> {
  const authority = await openAuthority({ dir: certs, now: Date.now(), createIfMissing: true, nameConstraints: constrain });
  const what = authority.created ? "Created a CA" : "A CA is there already";
  print(`${what} in ${certs}: SHA-256 ${authority.fingerprint}, until ${new Date(authority.expiresAt).toISOString().slice(0, 10)}.`);
}

async function show({ certs, format }: CertsFlag & { format: "text" | "json" }): Promise<void> {
  const { authorities, faults } = await describeAuthorities(certs, Date.now());
  if (format === "json") print(JSON.stringify({ authorities, faults }, undefined, 2));
  else for (const authority of authorities) print(explain(authority));
  if (faults.length === 0) return;
  process.exitCode = 1;
  if (format === "text") complain(new FaultsError("The CA has faults:", faults).message);
}

function explain(authority: AuthorityDescription): string {
  const rows = [
    ["file", authority.file],
    ["subject", authority.subject],
    ["issuer", authority.issuer],
    ["key", authority.key],
    ["SHA-256", authority.fingerprintSha256],
    ["valid", `${authority.notBefore} to ${authority.notAfter} (${authority.daysLeft} days left)`],
    ["chain", authority.chain === 0 ? "no further certificates" : `${authority.chain} more in the file`],
    ["names", authority.constraints.length === 0 ? "not constrained" : authority.constraints.join("; ")],
  ];
  return [`${authority.role} CA`, ...rows.map(([name, value]) => `  ${name?.padEnd(8)} ${value}`)].join("\n");
}

async function bundle({ certs, out }: CertsFlag & { out?: string }): Promise<void> {
  const authority = await openAuthority({ dir: certs, now: Date.now(), createIfMissing: false });
  const roots = systemRoots();
  const text = [...authority.bundlePems, ...roots.pems].join("");
  if (out === undefined) process.stdout.write(text);
  else await writeFile(out, text);
  complain(`${authority.bundlePems.length} of this CA, ${roots.pems.length} roots of ${roots.source}.`);
}

async function rotate({ certs, constrain, promote, retire }: CertsFlag & ConstrainFlag & { promote?: true; retire?: true }): Promise<void> {
  if (promote) {
    await promoteAuthority(certs, Date.now());
    print(
      "The next CA signs from the proxy's next reload on; the previous one stays in the bundle until: egress-proxy ca rotate --retire.",
    );
  } else if (retire) {
    print(
      (await retirePrevious(certs))
        ? "The previous CA is out of the bundle; hand it out again."
        : "There is no previous CA; nothing to do.",
    );
  } else {
    await stageAuthority(certs, Date.now(), constrain);
    print("Staged the next CA. Hand the bundle to all clients (egress-proxy ca bundle), then run: egress-proxy ca rotate --promote.");
  }
}

/** Faults of people's files end the command with exit 1 and a message, not a stack. */
async function reporting(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    const known = error instanceof FaultsError || error instanceof LeafHostError || (error instanceof Error && "syscall" in error);
    if (!known) throw error;
    complain(error.message);
    process.exitCode = 1;
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(text: string): void {
  process.stderr.write(`${text}\n`);
}
