import { type Command, InvalidArgumentError, Option } from "commander";
import { proposeException } from "../config/policy-exception.js";
import { loadSettings } from "../config/settings.js";
import { addRunOptions, settingsFromFlags } from "../config/settings-flags.js";
import { Directory } from "../console/access/directory.js";
import { USER_NAME } from "../console/access/access-file.js";
import { ROLES, type Role } from "../console/access/roles.js";
import { readBody } from "../body/read-body.js";
import { type RunningConsole, startConsole } from "../console/server.js";
import { SupportWindows } from "../gateway/support-window.js";
import { loadRules } from "../rules-in-force.js";
import { type Fault, FaultsError } from "../model/fault.js";
import { createLogger } from "../observe/log.js";
import { CaseSwitchFile } from "../record/case-switch-file.js";
import { openDeskBeside } from "../record/desk-beside.js";
import { consoleKeyOf, readInstallationKey } from "../record/installation-key.js";
import { passingKey } from "../record/passing-key.js";
import { consoleSettingsOf } from "../desk-settings.js";
import { judgePayload, policyInForce } from "../desk.js";

const CLOCK = { now: () => Date.now() };

type Flags = Readonly<Record<string, unknown>>;

/** `egress-proxy console`: the desk in a process of its own, which needs the record and the rules, and no CA key. */
export function addConsoleCommand(program: Command): void {
  const command = program.command("console").description("run the review pages and the API apart from the proxy, without the CA's key");
  addRunOptions(command).action((options: Flags) => told(() => serve(options)));

  const user = command.command("user").description("the console's own users");
  addRunOptions(user.command("add"))
    .argument("<name>", "letters, digits and . _ @ + -", userName)
    .addOption(new Option("--role <role>").choices(ROLES).default("reviewer"))
    .description("add a user; prints the password this once")
    .action((name: string, options: Flags & { readonly role: Role }) =>
      told(async () => say(`Password of ${name}: ${unless(await directoryOf(options).addUser(name, options.role), name)}`)),
    );
  addRunOptions(user.command("reset"))
    .argument("<name>")
    .description("give a user a new password; prints it this once")
    .action((name: string, options: Flags) =>
      told(async () => say(`New password of ${name}: ${unless(await directoryOf(options).resetPassword(name), name)}`)),
    );
  addRunOptions(user.command("remove"))
    .argument("<name>")
    .description("remove a user and end their sessions")
    .action((name: string, options: Flags) =>
      told(() => {
        unless(directoryOf(options).removeUser(name), name);
        say(`Removed ${name}.`);
      }),
    );
  addRunOptions(user.command("list"))
    .description("show users and roles")
    .action((options: Flags) =>
      told(() => {
        for (const { name, role, created } of directoryOf(options).users()) say(`${name}\t${role}\tsince ${created}`);
      }),
    );
}

async function serve(options: Flags): Promise<void> {
  const settings = loadSettings({ ...settingsFromFlags(options), env: process.env });
  const console = consoleSettingsOf(settings);
  if (console === undefined) throw off();
  const logger = createLogger(settings.log);
  const loaded = loadRules(settings, passingKey());
  const { limits } = loaded.index.policy;
  const rules = {
    ...loaded,
    inspect: ({ body, head, context }: Parameters<Parameters<typeof judgePayload>[0]["inspect"]>[0]) =>
      loaded.inspector.inspect(readBody(body, head, limits), context),
  };
  const key = readInstallationKey(settings.data);
  const desk = await openDeskBeside(settings.data, settings.store.url === "sqlite" ? undefined : settings.store.url, CLOCK);
  if (desk.warning !== undefined) logger.warn(desk.warning);
  let running: RunningConsole;
  try {
    running = await startConsole(console, {
      desk,
      memory: desk.memory,
      key: consoleKeyOf(key),
      inventory: desk.inventory,
      report: desk.report,
      policy: () => policyInForce(rules, new CaseSwitchFile(settings.data).list()),
      inspect: (request) => judgePayload(rules, request, CLOCK.now()),
      support: settings.listen.support === undefined ? undefined : new SupportWindows(settings.data),
      propose: (record, dismissal) => proposeException(loaded.files, record, dismissal),
      clock: CLOCK,
      logger,
    });
  } catch (error) {
    await desk.close();
    throw error;
  }
  say(consoleGreeting(running, console.tls !== undefined));
  const stop = (): void => {
    void running
      .close()
      .then(() => desk.close())
      .then(() => process.exit(0));
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}

/** Where the console is, and the first admin's password where one was made: printed once, never logged. */
export function consoleGreeting({ address, firstPassword }: RunningConsole, tls: boolean): string {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  const first =
    firstPassword === undefined ? "" : `\n  sign in as admin with ${firstPassword} (shown this once; change it under your name)`;
  return `The console is at ${tls ? "https" : "http"}://${host}:${address.port}${first}`;
}

function directoryOf(options: Flags): Directory {
  return new Directory(loadSettings({ ...settingsFromFlags(options), env: process.env }).data, CLOCK);
}

/** The result of a change, or the fault that it is. */
function unless<Result>(
  changed: { readonly ok: true; readonly result: Result } | { readonly ok: false; readonly why: string },
  name: string,
): Result {
  if (changed.ok) return changed.result;
  throw new FaultsError("Nothing was changed.", [
    { where: name, what: changed.why, mend: "egress-proxy console user list shows who there is." },
  ]);
}

function userName(written: string): string {
  if (USER_NAME.test(written)) return written;
  throw new InvalidArgumentError("Write letters, digits and . _ @ + - only, 64 at most.");
}

function off(): FaultsError {
  const fault: Fault = { where: "listen.console", what: "The console is off.", mend: "Write listen.console: 127.0.0.1:8080." };
  return new FaultsError("The console can't start:", [fault]);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Exit 1 where it can't be done, with every fault said. */
async function told(act: () => void | Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
