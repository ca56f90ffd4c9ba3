import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { canonicalHost } from "../http/host.js";
import { FaultsError } from "../model/fault.js";
import { isRefusal } from "../model/refusal.js";
import { openInstallationKey } from "../record/installation-key.js";

/**
 * `egress-proxy pseudonym`: which name is behind a `{8 hex digits}` of a record. There is no way back from one (invariant 7), so names are tried:
 * whoever debugs a refused request knows which hosts it may have been. Exit 2 where there is no key to try with.
 */
export function addPseudonymCommand(program: Command): void {
  program
    .command("pseudonym")
    .description("print what stands in records for hosts, keys or path segments that no policy names: try the names that it may have been")
    .argument("<names...>", "the names to try; - reads them from standard input, one a line")
    .option("--data <dir>", "the proxy's data folder, which holds the installation's key", process.env["EGRESS_PROXY_DATA"] ?? "./data")
    .action(async (names: readonly string[], { data }: { readonly data: string }) => {
      try {
        const key = knownKey(data);
        for await (const name of names.includes("-") ? linesOfInput() : names)
          for (const spelling of spellings(name)) process.stdout.write(`${key.short(spelling)}  ${spelling}\n`);
      } catch (error) {
        if (!(error instanceof FaultsError)) throw error;
        process.stderr.write(`${error.message}\n`);
        process.exitCode = 2;
      }
    });
}

/** Opening a key that is not there would make one, and its pseudonyms would be nobody's. */
function knownKey(data: string): ReturnType<typeof openInstallationKey> {
  const where = join(data, "installation.key");
  if (existsSync(where)) return openInstallationKey(data);
  throw new FaultsError("Names can't be tried.", [
    { where, what: "There is no installation key.", mend: "Name the data folder of the proxy that wrote the record: --data." },
  ]);
}

/** As it was given, and as the proxy spells it if it is a host. */
function spellings(name: string): ReadonlySet<string> {
  const host = canonicalHost(name);
  return new Set(isRefusal(host) ? [name] : [name, host.host]);
}

async function* linesOfInput(): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of process.stdin) {
    const lines = (rest + String(piece)).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield line;
  }
  if (rest !== "") yield rest;
}
