import ipaddr from "ipaddr.js";
import type { Validator } from "./validator.js";

/** A public address; private, loopback and documentation ranges say nothing of where someone is. Four-part versions are told by what stands before. */
export const publicAddress: Validator = (match, text) => {
  const before = text.slice(Math.max(0, match.index - 16), match.index);
  const after = text.slice(match.index + match.text.length, match.index + match.text.length + 2);
  if (/[\w.:-]$/.test(before) && !/(?:^|[^\w])[a-z]+[:=]$/i.test(before)) return false;
  if (/^(?:\w|\.\d|:[0-9a-f]*:)/i.test(after)) return false;
  if (match.text.includes(":")) return isGlobal6(match.text);
  if (/(?:\bv|version|ver\.?|release|build|upgraded? (?:from|to)|[a-z]+\/)[\s:="']*$/i.test(before) || isVersion(match.text, before))
    return false;
  return (
    match.text.split(".").every((part) => Number(part) <= 255 && String(Number(part)) === part) &&
    ipaddr.IPv4.parse(match.text).range() === "unicast" &&
    !/^0\.|\.0\.0\.0$/.test(match.text)
  );
};

/** Browsers and packages write four parts, of which the last ones are zero: `Chrome/131.0.0.0`, `"Edge";v="131.0.0.0"`, `OPR 95.0.0.0`. */
function isVersion(text: string, before: string): boolean {
  return (
    /\.0\.0(?:\.0)?$|\.0\.\d+\.\d+$/.test(text) &&
    (/\.0\.0\.0$/.test(text) ||
      /(?:[A-Za-z]+[\/ ;="v]*|==?)$/.test(
        before.replace(/\b(?:from|ip|addr|address|host|client|by|at|to|of|peer|remote|for)\b[\s:="']*$/i, "  1 "),
      ))
  );
}

/** 2000::/3 only: `a::b` in program text is an address by form, but none that is assigned (RFC 4291). */
function isGlobal6(text: string): boolean {
  // Settles nearly all of what has the form, at a hundredth of the parser's cost.
  if (!/^[23][0-9a-f]{3}:/i.test(text) || !ipaddr.IPv6.isValid(text)) return false;
  const address = ipaddr.IPv6.parse(text);
  const first = address.parts[0] ?? 0;
  return first >= 0x2000 && first <= 0x3fff && address.range() === "unicast";
}

/** Neither all zeros nor broadcast, and not a part of a longer row of pairs (a digest, a UUID). */
export const hardwareAddress: Validator = (match, text) => {
  const digits = match.text.replace(/[^0-9a-f]/gi, "").toLowerCase();
  if (digits === "000000000000" || digits === "ffffffffffff") return false;
  const before = text[match.index - 1] ?? " ";
  const after = text[match.index + match.text.length] ?? " ";
  return !/[\w:-]/.test(before) && !/[\w:-]/.test(after);
};

const SYSTEM_USERS: ReadonlySet<string> = new Set(
  "app runner ubuntu node user users root public default defaultuser defaultapppool shared admin administrator circleci vsts jenkins docker ec2-user www-data git postgres airflow jovyan diffgram vagrant travis build container service nobody all".split(
    " ",
  ),
);

/** Pages of an application that stand below `/home`. */
const PAGES: ReadonlySet<string> = new Set(
  "dashboard index login logout settings profile overview list projects project jobs job tasks task help about page main news search reports report new welcome start".split(
    " ",
  ),
);

/** A person's folder; the folders of system and image users name no one. */
export const userPath: Validator = (match, text) => {
  const name = (match.groups.find((group) => group !== "") ?? "").toLowerCase();
  // The path of a page is none of a disk: `https://host/home/dashboard`, or a route that stands alone.
  const run = /\S*$/.exec(text.slice(Math.max(0, match.index - 256), match.index))?.[0] ?? "";
  if (/^["'(<[]?(?!file:)[a-z][a-z0-9+.-]*:\/\/[^/?#]*[^?#=&]*$/i.test(run)) return false;
  if (match.text.startsWith("/home/") && PAGES.has(name)) return false;
  return name.length > 1 && !SYSTEM_USERS.has(name) && !/^[${<%*]/.test(name);
};
