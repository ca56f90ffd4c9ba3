import { parse } from "tldts";
import { beforeUnspaced } from "../letters.js";
import { secretValue } from "./secrets.js";
import type { Validator } from "./validator.js";

/** Endings that no registry sells and mail servers inside companies use. */
const INTERNAL_ENDINGS: ReadonlySet<string> = new Set([
  "local",
  "internal",
  "lan",
  "corp",
  "intranet",
  "home",
  "test",
  "example",
  "invalid",
  "localhost",
  "localdomain",
]);

/** Accounts of software, in addresses of repositories, of workers and of hosts. */
const SERVICE_NAMES =
  /^(?:git|hg|svn|gitlab|celery|worker|node|rabbit|rabbitmq|kubelet|system|default|root|ubuntu|ec2-user|postgres|www-data|redis|nobody|v?\d[\d.]*)$/i;

/** Providers that give addresses of digits alone: an account's number, or a telephone's. */
const NUMBERED =
  /^(?:qq|foxmail|163|126|139|189|188|vip\.qq|wo|yeah|sina|sohu|aliyun|naver|gmail|hotmail|outlook|yahoo|icloud|mail|yandex|gmx|web)\.[a-z.]{2,6}$/;

/** Hosts of repositories, by the forges' names and by what a company calls its own. */
const FORGE =
  /(?:^|\.)(?:github|gitlab|bitbucket|codeberg|gitea|gerrit|visualstudio|ssh\.dev\.azure|git|ssh|scm|vcs|svn|code|repos?|stash)\./;

/** What stands before the `@` of a URL where programs sign in: roles, and public keys as of a Sentry DSN. */
const URL_USERS =
  /^(?:x-access-token|x-token-auth|oauth2?|(?:access|auth|api)?[-_]?(?:token|key)|api|user(?:name)?|admin|guest|anonymous|public|pass(?:word)?|pw|deploy(?:er)?|bot|build|ci|jenkins|runner|[0-9a-f]{16,})$/i;

/** What stands before the `@` of a message's or a request's id. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

const LOCAL_LENGTH = 64;

/**
 * The domain must end in a public suffix or an internal one: `logo@2x.png` and `package@1.2.3` don't. `git@github.com:org/repo` is an
 * address of a repository. In a URL a user's name is an address as well; a password is left to its own rule, where that one takes it.
 */
export const email: Validator = (match, text) => {
  const address = plainAddress(match.text);
  const at = address.lastIndexOf("@");
  const written = address.slice(0, at);
  // The local part of an encoded URL or repository begins behind what is encoded before it.
  if (/%2F%2F[^%]*$/i.test(written)) return false;
  const whole = written.slice(written.search(/(?:%[0-9a-f]{2})*[^%]*$/i)).replace(/^(?:%[0-9a-f]{2})+/i, "");
  // RFC 5321, section 4.5.3.1.1: 64 octets. What stands before them may be there to hide them, and is no reason to let an address out.
  const local = whole.slice(-LOCAL_LENGTH);
  const domain = address
    .slice(at + 1)
    .toLowerCase()
    // `dana@acme.org으로`: a sentence goes on behind it without a space. A domain in such letters has its ending in them too.
    .replace(/(\.[a-z]{2,})(?=[^\x00-\x7f])\p{L}.*$/u, (all: string, ending: string) => (beforeUnspaced(all) === ending ? ending : all))
    .replace(/[.-]+$/, "")
    // A count that was written right behind it. Of two letters too many are endings of files: `clip@2x.mp4`.
    .replace(/(\.[a-z]{3,})\d+$/, "$1");
  if (local === "" || domain.length > 253) return false;
  const before = text.slice(Math.max(0, match.index - 256), match.index);
  if (/:\/\/[^/?#\s]*$/.test(before) && (URL_USERS.test(local) || isPassword(match, before))) return false;
  if (
    (SERVICE_NAMES.test(local) && !(/^\d{5,13}$/.test(local) && NUMBERED.test(domain))) ||
    /(?:^|\.)(?:svc|cluster|pod)(?:\.|$)/.test(domain) ||
    UUID.test(local)
  )
    return false;
  // `user@host:group/project` is a repository, as ssh writes it; anywhere else a person's name at a host stands before a colon.
  const path = /^(?::|%3A)[\w.~-]+(?:\/|%2F)[\w./%~-]+/i.exec(
    text.slice(match.index + match.text.length, match.index + match.text.length + 512),
  )?.[0];
  if (path !== undefined && (/\.git\b/i.test(path) || FORGE.test(domain))) return false;
  return isDomain(domain) || isDomain(domain.replace(/(\.[a-z]{2,})\.(?!com?\b|org\b|net\b|gov\b|edu\b|ac\b)[a-z][^.]*$/, "$1"), domain);
};

/** Endings of files, which stand behind what looks like a domain in the names of images and archives. */
const FILE =
  /\.(?:png|jpe?g|gif|webp|svg|bmp|tiff?|mp4|mov|avi|mkv|webm|wav|mp3|pdf|docx?|xlsx?|csv|tsv|json|ya?ml|xml|txt|log|zip|tar|gz|tgz|whl|py|js|ts|css|html?|md|sh|lock|map|so|dll|exe|jar|apk|rpm|deb)$/;

/** Ends in a public suffix, or in one inside companies. `whole` is what it was cut from: `clinic.org.Then`, where a sentence begins without a space. */
function isDomain(domain: string, whole?: string): boolean {
  if (whole !== undefined && (whole === domain || FILE.test(whole) || INTERNAL_ENDINGS.has(whole.slice(whole.lastIndexOf(".") + 1))))
    return false;
  const known = parse(domain, { allowPrivateDomains: false });
  if (known.isIp === true || known.publicSuffix === null) return false;
  if (known.isIcann === true) return known.domain !== null;
  return whole === undefined && INTERNAL_ENDINGS.has(domain.slice(domain.lastIndexOf(".") + 1));
}

/** A scheme, a user and a password up to the `@`, as rules/secret/url-credentials.yaml takes them: what it leaves must be found here. */
const CREDENTIALS = /\b[a-z][a-z0-9+.-]{0,20}:\/\/[^/\s:@"']*:([^/\s@"']{3,})$/i;

function isPassword(match: Parameters<Validator>[0], before: string): boolean {
  const sign = match.text.indexOf("@");
  const password = sign < 0 ? undefined : CREDENTIALS.exec(before + match.text.slice(0, sign))?.[1];
  return password !== undefined && secretValue({ text: password, index: match.index, groups: [password] }, password);
}

/** A first and a last name before the `@` of a URL, whatever its host is. */
export const urlUser: Validator = (match) => {
  const user = match.groups[0] ?? "";
  return !URL_USERS.test(user) && user.split(/[._-]/).every((part) => !SERVICE_NAMES.test(part) && !URL_USERS.test(part));
};

/** Anything that is a text with a letter: a mailbox's field holds one, however it is spelt. */
export const mailbox: Validator = (match) =>
  /\p{L}/u.test(match.text) && !/^(?:null|none|true|false|yes|no|unknown|n\/a|missing|invalid|verified)$/i.test(match.text.trim());

/** The address as it would be typed, where its signs are spelt out or set in brackets against harvesters. */
function plainAddress(text: string): string {
  if (/^[a-z0-9._+-]+AT[a-z0-9-]+DOT[a-z0-9-]+$/.test(text)) return text.replace("AT", "@").replaceAll("DOT", ".");
  const at = text.replace(/%40|[\s([{<|_*#~-]+(?:at|@|a|ät|arroba|et|chez|kukac|chiocciola|malpa)[\s)\]}>|_*#~-]+/i, "@");
  return at.replace(/[\s([{<|_*#~-]+(?:dot|\.|d0t|punkt|punto|point|ponto|kropka)[\s)\]}>|_*#~-]+/gi, ".");
}
