import ipaddr from "ipaddr.js";
import type { Validator } from "./validator.js";

/** A public address; private, loopback and documentation ranges say nothing of where someone is. Four-part versions are told by what stands before. */
export const publicAddress: Validator = (match, text) => {
  const before = text.slice(Math.max(0, match.index - 16), match.index);
  const after = text.slice(match.index + match.text.length, match.index + match.text.length + 6);
  if (/[\w.:-]$/.test(before) && !LABEL.test(before)) return false;
  if (/^(?:[a-z0-9]|\.\d|:[0-9a-f]*:)/i.test(after)) return false;
  if (match.text.includes(":")) return isGlobal6(match.text);
  if (isKernel(match.text, text.slice(match.index + match.text.length, match.index + match.text.length + 11))) return false;
  if (/(?:\bv|version|ver\.?|release|build|upgraded? (?:from|to))[\s:="']*$/i.test(before)) return false;
  if (/[a-z]\/[\s:="']*$/i.test(before) && !isPeer(before, after)) return false;
  return !isVersion(match.text, before) && isPublic4(match.text);
};

/** What may touch an address: `ip4:`, `peer:`, `client-`, or a line's number as grep writes it. */
const LABEL = /(?:^|[^\w])[a-z]\w*[:=]$|(?:^|[^a-z])(?:ip|ipv4|host|addr|address|client|peer|server|remote|src|dst)[_-]$|(?:^|\s)\d{2,}:$/i;

/** `api.acme.io/93.184.216.34` or `peer/93.184.216.34:443`, as Java writes an address that it has looked up; `nginx/1.25.3.1` is a version. */
function isPeer(before: string, after: string): boolean {
  return (
    /^:\d{2,5}(?!\d)/.test(after) ||
    /[\w-]\.[a-z]{2,}\/$|(?:^|[^a-z])(?:ip|host|addr|address|client|peer|server|remote|src|dst)\/$/i.test(before)
  );
}

/** `5.15.133.1-microsoft-standard-WSL2`: the only kernels whose release has four numbers and a word behind them. */
function isKernel(text: string, after: string): boolean {
  return /^[4-7]\.\d{1,2}\.\d{1,3}\.\d$/.test(text) && /^-microsoft-/i.test(after);
}

function isPublic4(text: string): boolean {
  return (
    text.split(".").every((part) => Number(part) <= 255 && String(Number(part)) === part) &&
    ipaddr.IPv4.parse(text).range() === "unicast" &&
    !/^0\.|\.0\.0\.0$/.test(text)
  );
}

/** An address inside a host's name, as providers name them: `ec2-93-184-216-34.compute.amazonaws.com`. */
export const namedAddress: Validator = (match) => isPublic4((match.groups[0] ?? "").replaceAll("-", "."));

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

/**
 * Neither all zeros nor broadcast, and not a part of a longer row of pairs (a digest, a UUID). The pairs are counted anew: in `mac:3c:22:…` the
 * pattern begins with a word's end.
 */
export const hardwareAddress: Validator = (match, text) => {
  if (match.text.includes(".")) return isDevice(match.text);
  const sign = match.text.includes(":") ? ":" : "-";
  const end = match.index + match.text.length;
  const before = /[\w:-]*$/.exec(text.slice(Math.max(0, match.index - ROW), match.index))?.[0] ?? "";
  const after = /^[\w:-]*/.exec(text.slice(end, end + ROW))?.[0] ?? "";
  const pieces = (before + match.text + after).split(/([:_-])/);
  return rowsOf(pieces, sign).some(({ pairs, isApart }) => {
    if (!isApart) return false;
    // The head of a frame as netfilter logs it: whom it goes to, whom it is from, its kind.
    if (pairs.length === 14 && /MAC=$/.test(text.slice(0, match.index - before.length)))
      return isDevice(pairs.slice(0, 6).join("")) || isDevice(pairs.slice(6, 12).join(""));
    return pairs.length === 6 && isDevice(pairs.join(""));
  });
};

/** Characters on either side of a match that are looked at for more pairs: a digest of 64 bytes has as many. */
const ROW = 192;

/** Rows of pairs with the same sign between two; `pieces` are words and signs in turns. A row with more hex beside it is a part of a longer one. */
function rowsOf(pieces: readonly string[], sign: string): readonly { readonly pairs: readonly string[]; readonly isApart: boolean }[] {
  const rows: { pairs: string[]; isApart: boolean }[] = [];
  const isPair = (at: number): boolean => /^[0-9a-f]{2}$/i.test(pieces[at] ?? "");
  const isHex = (at: number): boolean => /^[0-9a-f]+$/i.test(pieces[at] ?? "");
  for (let at = 0; at < pieces.length; at += 2) {
    if (!isPair(at)) continue;
    const from = at;
    while (isPair(at + 2) && pieces[at + 1] === sign) at += 2;
    rows.push({ pairs: pieces.slice(from, at + 1).filter((_, index) => index % 2 === 0), isApart: !isHex(from - 2) && !isHex(at + 2) });
  }
  return rows;
}

function isDevice(text: string): boolean {
  const digits = text.replace(/[^0-9a-f]/gi, "").toLowerCase();
  return digits !== "000000000000" && digits !== "ffffffffffff";
}

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
  // Quotes and signs that end a URL in a list end it here too.
  if (/^["'(<[]{0,2}(?!file:)[a-z][a-z0-9+.-]*:\/\/[^/?#"'<>,;|]*[^?#=&"'<>,;|]*$/i.test(run)) return false;
  if (match.text.startsWith("/home/") && PAGES.has(name)) return false;
  return name.length > 1 && !SYSTEM_USERS.has(name) && !/^[${<%*]/.test(name);
};

/**
 * `"address": "10.0.0.5"`, as faults of a connection tell it in JSON: an IP address with or without a port, a hardware address, a place in memory. No
 * house has one; those of the machines that do say something are rules of their own.
 */
export const machineAddress: Validator = ({ text }) => {
  const host = text.replace(/^\[(.*)\](?::\d{1,5})?$/, "$1").replace(/%[\w-]+$/, "");
  return (
    /^(?:\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?|(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}|0x[0-9a-f]{1,16})$/i.test(text) ||
    (host.includes(":") && ipaddr.IPv6.isValid(host))
  );
};
