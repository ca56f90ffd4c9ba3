import { isIP } from "node:net";
import { domainToASCII, domainToUnicode } from "node:url";
import { refusal, type Refusal } from "../model/refusal.js";

/** A host in its one canonical spelling; see `model/target.ts`. */
export interface CanonicalHost {
  readonly host: string;
  readonly ip: 4 | 6 | undefined;
}

/** Already canonical: lower-case letters, digits and hyphens, at least two labels, the last one a word (so no spelling of an IPv4). */
const PLAIN_NAME = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
/**
 * Characters that a URL parser drops, decodes or takes for a delimiter. `new URL` would read `a%2eb`, `a\tb` and `a@b` as something
 * other than what is written, and two readers would differ about it.
 */
const NOT_IN_A_HOST = /[\u0000-\u0020\u007f@/?#\\%<>^|"`{}]/;
const NAME_LENGTH = 253;

/**
 * The one canonicaliser of hosts (invariant 3): case, one trailing dot, IDNA (UTS 46, as WHATWG URL has it), IPv4 in short, octal, hex and
 * decimal spelling, IPv6 in RFC 5952 form. Every other way of writing a host is refused, never guessed.
 *
 * @param text a host without port; an IPv6 address in brackets (RFC 3986, section 3.2.2)
 */
export function canonicalHost(text: string): CanonicalHost | Refusal {
  if (text.length <= NAME_LENGTH && PLAIN_NAME.test(text) && !text.includes("xn--")) return { host: text, ip: undefined };
  if (text === "") return refusal("target-invalid", "The host is empty.");
  if (NOT_IN_A_HOST.test(text)) return refusal("target-invalid", "The host holds a character that no host name has.");
  if (!text.startsWith("[") && text.includes(":")) return refusal("target-invalid", "An IPv6 address stands in brackets.");
  const url = `http://${text}/`;
  if (!URL.canParse(url)) return refusal("target-invalid", "The host is neither a name nor an address.");
  const hostname = new URL(url).hostname;
  if (hostname.startsWith("[")) {
    const address = hostname.slice(1, -1);
    return isIP(address) === 6 ? { host: address, ip: 6 } : refusal("target-invalid", "The host is not an IPv6 address.");
  }
  if (isIP(hostname) === 4) return { host: hostname, ip: 4 };
  return canonicalName(hostname);
}

function canonicalName(hostname: string): CanonicalHost | Refusal {
  const name = hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
  if (name.length > NAME_LENGTH) return refusal("target-invalid", `The host is longer than ${NAME_LENGTH} characters.`);
  for (const label of name.split(".")) {
    if (!LABEL.test(label)) return refusal("target-invalid", "The host has a label that DNS does not know.");
    if (label.startsWith("xn--") && !isEncodedLabel(label)) return refusal("target-invalid", "The host is neither a name nor an address.");
  }
  return { host: name, ip: undefined };
}

/**
 * Whether a label that begins as an A-label stands for a word beyond ASCII, and for that one only (RFC 5890, section 2.3.2.1). Node's URL
 * reader refused labels that are no Punycode up to version 22; that of version 24 lets them pass as they are.
 */
function isEncodedLabel(label: string): boolean {
  const word = domainToUnicode(label);
  return !/^[!-~]*$/.test(word) && domainToASCII(word) === label;
}
