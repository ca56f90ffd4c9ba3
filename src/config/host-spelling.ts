import { isIP } from "node:net";
import { domainToASCII, domainToUnicode } from "node:url";

/**
 * The one canonical spelling of a host that policy or settings name (as `Target.host`): lower case, no trailing dot, IDNA A-labels, IPv4 in
 * dotted decimal, IPv6 as RFC 5952 without brackets. Undefined where the text is no host at all.
 */
export function canonicalHost(written: string): string | undefined {
  const bare = written.startsWith("[") && written.endsWith("]") ? written.slice(1, -1) : written;
  if (isIP(bare) === 6) {
    if (bare.includes("%")) return undefined;
    const parsed = hostnameOf(`[${bare}]`);
    return parsed === undefined ? undefined : parsed.slice(1, -1);
  }
  if (/[\s/?#@:\\%*[\]]/.test(bare)) return undefined;
  const parsed = hostnameOf(bare)?.replace(/\.$/, "");
  if (parsed === undefined) return undefined;
  return isIP(parsed) === 4 || isDnsName(parsed) ? parsed : undefined;
}

/** RFC 1123, section 2.1: letters, digits and hyphens, 63 a label, 253 in all. */
function isDnsName(name: string): boolean {
  return (
    name.length <= 253 && name.split(".").every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label) && isLabelAsItSays(label))
  );
}

/** As `http/host.ts` judges a request's host: an A-label stands for a word beyond ASCII, and for that one only, in every version of Node. */
function isLabelAsItSays(label: string): boolean {
  if (!label.startsWith("xn--")) return true;
  const word = domainToUnicode(label);
  return !/^[!-~]*$/.test(word) && domainToASCII(word) === label;
}

/** WHATWG's URL reading does the IDNA step and undoes octal, hexadecimal and short spellings of IPv4. */
function hostnameOf(host: string): string | undefined {
  try {
    return new URL(`https://${host}/`).hostname;
  } catch {
    return undefined;
  }
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** `HOST:PORT`, an IPv6 in brackets; undefined where it can't be read, or where the host is not in its canonical spelling. */
export function readHostPort(written: string): HostPort | undefined {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]]+):(\d{1,5})$/.exec(written);
  const host = match?.[1] === undefined ? undefined : canonicalHost(match[1]);
  const port = Number(match?.[2]);
  return host === undefined || !isPort(port) ? undefined : { host, port };
}

export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}

/** `host:port`, with brackets around an IPv6 address. */
export function writeHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
