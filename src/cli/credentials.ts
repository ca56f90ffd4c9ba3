import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import type { Command } from "commander";
import { readCredentialLine, writeCredentialLine } from "../listen/credential-line.js";
import { FaultsError } from "../model/fault.js";

/** Characters of a password that are taken; a longer one is a mistake, such as a whole file. */
const MAX_PASSWORD = 1_024;

/** `egress-proxy credentials`: hashed Basic credentials for clients of listen.proxy-tls. Passwords come on standard input, never as an argument. */
export function addCredentialsCommand(program: Command): void {
  const command = program.command("credentials").description("make hashed credentials for clients of listen.proxy-tls");
  command
    .command("hash")
    .description("print the line of a name whose password is read from standard input")
    .argument("<name>", "the client's name, as records and `identity:NAME` have it")
    .action((name: string) => told(async () => void process.stdout.write(`${await lineFor(name)}\n`)));
  command
    .command("add")
    .description("put such a line into a file, in place of the name's old one")
    .argument("<file>", "the file that proxy_tls.credentials names; made where it is not there, mode 0600")
    .argument("<name>", "the client's name")
    .action((file: string, name: string) =>
      told(async () => {
        const line = await lineFor(name);
        const replaced = write(file, name, line);
        process.stdout.write(`${replaced ? "Replaced" : "Added"} ${name}. The proxy reads the file when it starts.\n`);
      }),
    );
  command
    .command("remove")
    .description("take a name out of a file")
    .argument("<file>", "the file that proxy_tls.credentials names")
    .argument("<name>", "the client's name")
    .action((file: string, name: string) =>
      told(async () => {
        if (!write(file, name, undefined)) throw fault(file, `It holds no ${name}.`, "Look into the file for the names that it holds.");
        process.stdout.write(`Removed ${name}. The proxy reads the file when it starts.\n`);
      }),
    );
}

async function lineFor(name: string): Promise<string> {
  const password = await readPassword();
  const line = await writeCredentialLine(name, password);
  if (line === undefined)
    throw fault("NAME", "The name can't be carried by Basic.", "Write up to 128 printable characters, no space and no colon.");
  return line;
}

/** The first line of standard input. */
async function readPassword(): Promise<string> {
  if (process.stdin.isTTY) process.stderr.write("Password (shown as it is typed; better: … | egress-proxy credentials): ");
  let text = "";
  for await (const piece of process.stdin) {
    text += String(piece);
    if (text.includes("\n") || text.length > MAX_PASSWORD) break;
  }
  const [password = ""] = text.split(/\r?\n/, 1);
  if (password.length < 8 || password.length > MAX_PASSWORD)
    throw fault(
      "standard input",
      "Its first line is no password of 8 to 1,024 characters.",
      "Pipe one in: openssl rand -base64 24 | egress-proxy credentials …",
    );
  return password;
}

/** Writes the file anew beside itself and renames it, so that a proxy that starts reads the old one or the new one. */
function write(file: string, name: string, line: string | undefined): boolean {
  const old = existsSync(file) ? readFileSync(file, "utf8").split(/\r?\n/) : [];
  const kept = old.filter((one) => readCredentialLine(one)?.name !== name);
  while (kept.at(-1) === "") kept.pop();
  const replaced = old.some((one) => readCredentialLine(one)?.name === name);
  if (line === undefined && !replaced) return false;
  const fresh = `${file}.new`;
  const opened = openSync(fresh, "w", 0o600);
  try {
    writeSync(opened, [...kept, ...(line === undefined ? [] : [line]), ""].join("\n"));
    fsyncSync(opened);
  } finally {
    closeSync(opened);
  }
  renameSync(fresh, file);
  return replaced;
}

function fault(where: string, what: string, mend: string): FaultsError {
  return new FaultsError("The credentials can't be made:", [{ where, what, mend }]);
}

async function told(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
