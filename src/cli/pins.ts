import { userInfo } from "node:os";
import type { Command } from "commander";
import { type TenantPin, TenantPinFile } from "../record/tenant-pin-file.js";

/** `egress-proxy pins`: whose accounts at the vendor this installation may post to. Exit 1 where a named pin is not there. */
export function addPinsCommand(program: Command): void {
  const pins = program.command("pins").description("what names this installation at the vendor: list, confirm, forget");
  const data = ["--data <dir>", "folder of records and spool", "./data"] as const;
  pins
    .command("list")
    .description("show each pin, when it was learned, and who confirmed it")
    .option(...data)
    .option("--as-setting", "print the confirmed ones as the setting `tenant_pins`, which all replicas hold from their start")
    .action((options: { data: string; asSetting?: true }) => {
      if (options.asSetting === true) {
        printAsSetting(TenantPinFile.open(options.data).pins);
        return;
      }
      const rows = TenantPinFile.open(options.data).pins.map((pin) => {
        const state = pin.confirmed === undefined ? "UNCONFIRMED" : `confirmed by ${pin.confirmed.by} at ${pin.confirmed.at}`;
        return `${pin.name.padEnd(24)} {${pin.hmac.slice(0, 8)}}  learned ${pin.learned}  ${state}`;
      });
      process.stdout.write(
        `${rows.length === 0 ? "No pin has been learned yet: the first value of each is, when it is let out." : rows.join("\n")}\n`,
      );
    });
  pins
    .command("confirm <name>")
    .description("say that the value learned is this installation's own")
    .option(...data)
    .option("--by <who>", "who confirms", userInfo().username)
    .action((name: string, options: { data: string; by: string }) =>
      report(
        TenantPinFile.open(options.data).confirm(name, options.by),
        name,
        "is confirmed; a running proxy takes that from its next reload",
      ),
    );
  pins
    .command("forget <name>")
    .description("learn the next value that is seen, after the vendor's key was changed; reload or restart the proxy after it")
    .option(...data)
    .action((name: string, options: { data: string }) =>
      report(TenantPinFile.open(options.data).forget(name), name, "is forgotten; reload the proxy to learn the next value"),
    );
}

/** One that nobody confirmed may be a stranger's: to state it would make that hold everywhere. Exit 1 where any is left out. */
function printAsSetting(pins: readonly TenantPin[]): void {
  const confirmed = pins.filter((pin) => pin.confirmed !== undefined);
  const lines = confirmed.map(({ name, hmac }) => `\n  - ${name}=${hmac}`);
  process.stdout.write(`tenant_pins:${lines.length === 0 ? " []" : lines.join("")}\n`);
  for (const { name } of pins.filter((pin) => pin.confirmed === undefined)) {
    process.stderr.write(`${name} is left out: nobody has confirmed it.\n`);
    process.exitCode = 1;
  }
}

function report(done: boolean, name: string, said: string): void {
  if (done) {
    process.stdout.write(`${name} ${said}.\n`);
    return;
  }
  process.stderr.write(`There is no pin "${name}"; \`egress-proxy pins list\` shows those there are.\n`);
  process.exitCode = 1;
}
