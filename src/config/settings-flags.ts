import type { Command } from "commander";
import type { SettingFlag } from "./settings-sources.js";

/** Each flag of `run` that sets a setting: its option's name, the flag, the setting's path. */
const FLAGS: readonly (readonly [option: string, flag: string, path: readonly string[]])[] = [
  ["rules", "--rules", ["rules"]],
  ["certs", "--certs", ["certs"]],
  ["data", "--data", ["data"]],
  ["upstreamCa", "--upstream-ca", ["upstream", "ca"]],
  ["connectTo", "--connect-to", ["upstream", "connect_to"]],
  ["logLevel", "--log-level", ["log", "level"]],
];

/** Adds the options that every command which reads settings shares. */
export function addRunOptions(command: Command): Command {
  const collect = (value: string, before: readonly string[] | undefined): string[] => [...(before ?? []), value];
  return command
    .option("--config <file>", "settings file (default: ./egress-proxy.yaml where there is one)")
    .option("--rules <dir>", "folder of policy, rules and schemas")
    .option("--certs <dir>", "folder of the CA's certificate and key")
    .option("--data <dir>", "folder of records and spool")
    .option("--upstream-ca <file>", "adds roots for upstream TLS; repeatable", collect)
    .option("--connect-to <host:port:addr:port>", "dial ADDR:PORT for HOST:PORT, as in curl; repeatable", collect)
    .option("--log-level <level>", "error, warn, info or debug");
}

/** What `addRunOptions` read, as `loadSettings` takes it. */
export function settingsFromFlags(options: Readonly<Record<string, unknown>>): {
  readonly file: string | undefined;
  readonly flags: readonly SettingFlag[];
} {
  const flags = FLAGS.flatMap(([option, flag, path]) => (options[option] === undefined ? [] : [{ path, flag, value: options[option] }]));
  return { file: typeof options["config"] === "string" ? options["config"] : undefined, flags };
}
