import { readFileSync, statSync } from "node:fs";
import { type Fault, FaultsError } from "../model/fault.js";
import type { ParentProxy } from "../model/policy.js";
import { type HostPort, readHostPort, writeHostPort } from "./host-spelling.js";
import type { Settings } from "./settings.js";

/** The value of Proxy-Authorization for a parent (RFC 7617); undefined where it is asked without. Never logged, recorded or shown. */
export type ParentCredentials = (parent: ParentProxy) => string | undefined;

const FORM = "Write NAME:PASSWORD, the name without a colon, both without control characters.";

/**
 * Reads the credentials that parents ask for: those of `parent.credentials_file` by host and port, those of `parent.credentials` for
 * `parent.proxy`.
 *
 * @throws FaultsError naming every fault; none of them holds a credential
 */
export function readParentCredentials({ parent }: Pick<Settings, "parent">): ParentCredentials {
  const faults: Fault[] = [];
  const known = parent.credentials_file === "off" ? new Map<string, string>() : readFile(parent.credentials_file, faults);
  if (parent.credentials !== "off") {
    const where = "parent.credentials";
    const field = basic(parent.credentials);
    const place = parent.proxy === undefined ? undefined : writeHostPort(parent.proxy);
    if (field === undefined) faults.push({ where, what: "These are no credentials.", mend: FORM });
    else if (place === undefined) faults.push({ where, what: "No parent is named that they are for.", mend: "Set parent.proxy." });
    else if (known.has(place)) faults.push({ where, what: `${parent.credentials_file} has others.`, mend: "Remove one of the two." });
    else known.set(place, field);
  }
  if (faults.length > 0) throw new FaultsError("The credentials for the parent proxy can't be used:", faults);
  return (asked: HostPort) => known.get(writeHostPort(asked));
}

function readFile(file: string, faults: Fault[]): Map<string, string> {
  const known = new Map<string, string>();
  const where = "parent.credentials_file";
  let text = "";
  try {
    const { mode } = statSync(file);
    text = readFileSync(file, "utf8");
    if ((mode & 0o007) !== 0)
      faults.push({ where, what: `Others than the owner and group of ${file} can use it.`, mend: `Run: chmod o= ${file}` });
  } catch {
    faults.push({ where, what: `${file} can't be read.`, mend: "Name a file that the proxy's user may read." });
  }
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === "" || line.startsWith("#")) return;
    const [, at = "", pair = ""] = /^(\S+)\s+(.+)$/.exec(line) ?? [];
    const place = readHostPort(at);
    const field = basic(pair);
    const fault = (what: string, mend: string): void => void faults.push({ where: `${file}:${index + 1}`, what, mend });
    if (place === undefined || field === undefined) fault("The line is no credential.", `Write HOST:PORT NAME:PASSWORD. ${FORM}`);
    else if (known.has(writeHostPort(place))) fault("The parent stands twice.", "Remove one of the two.");
    else known.set(writeHostPort(place), field);
  });
  return known;
}

/** RFC 7617, section 2: neither part holds control characters, and a colon ends the name. */
function basic(pair: string): string | undefined {
  return /^[^:\p{Cc}]+:[^\p{Cc}]*$/u.test(pair) ? `Basic ${Buffer.from(pair, "utf8").toString("base64")}` : undefined;
}
