import { readFileSync } from "node:fs";
import ipaddr from "ipaddr.js";
import type { Fault } from "../model/fault.js";
import { FaultsError } from "../model/fault.js";
import type { OidcSettings } from "./access/oidc.js";

/** How the console is reached and who gets in. */
export interface ConsoleSettings {
  /** `host` undefined means every interface. */
  readonly listen: { readonly host: string | undefined; readonly port: number };
  /** Holds users, tokens and the audit trail. */
  readonly dataDir: string;
  /** PEM files; read anew at every start. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  /** CIDRs of the proxies in front, whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. */
  readonly trustedProxies: readonly string[];
  /** Where browsers reach it, as `https://desk.example.com`; OIDC needs it. */
  readonly publicUrl: string | undefined;
  readonly oidc: OidcSettings | undefined;
  /** Whether users of the console's own may sign in with a password. */
  readonly localUsers: boolean;
}

export type Cidr = ReturnType<typeof ipaddr.parseCIDR>;

/** Settings after judgement: nothing is left to fail but the network. */
export interface ConsoleBinding {
  readonly beyondLoopback: boolean;
  readonly trusted: readonly Cidr[];
  readonly publicUrl: URL | undefined;
  readonly tls: { readonly cert: Buffer; readonly key: Buffer } | undefined;
}

/**
 * Refuses what would show the desk to the network in the clear: bound beyond loopback there has to be TLS, or a known proxy in front that ends it.
 * @throws FaultsError with every fault at once
 */
export function judgeBinding(settings: ConsoleSettings): ConsoleBinding {
  const faults: Fault[] = [];
  const trusted = settings.trustedProxies.flatMap((written) => readCidr(written, faults));
  const beyondLoopback = !isLoopbackHost(settings.listen.host);
  if (beyondLoopback && settings.tls === undefined && settings.trustedProxies.length === 0) {
    faults.push({
      where: "listen.console",
      what: "The console would be reachable beyond this machine without TLS.",
      mend: "Bind it to 127.0.0.1, give it console.tls_cert and console.tls_key, or name the proxies in front in console.trusted_proxies.",
    });
  }
  const publicUrl = readPublicUrl(settings, faults);
  const tls = settings.tls === undefined ? undefined : readTls(settings.tls, faults);
  if (settings.oidc === undefined && !settings.localUsers) {
    faults.push({
      where: "console.local_users",
      what: "Nobody could sign in.",
      mend: "Configure console.oidc_issuer, or allow local users.",
    });
  }
  if (settings.oidc !== undefined) judgeOidc(settings.oidc, publicUrl, faults);
  if (faults.length > 0) throw new FaultsError("The console can't start:", faults);
  return { beyondLoopback, trusted, publicUrl, tls };
}

function readCidr(written: string, faults: Fault[]): Cidr[] {
  try {
    const [address, bits] = ipaddr.parseCIDR(written);
    // A whole address space is no list of proxies: anyone could write the headers.
    if (bits >= (address.kind() === "ipv4" ? 8 : 16)) return [[address, bits]];
  } catch {
    // Said below.
  }
  faults.push({
    where: "console.trusted_proxies",
    what: `"${written}" is no range of proxies.`,
    mend: "Write a CIDR such as 10.42.0.0/16.",
  });
  return [];
}

function readPublicUrl({ publicUrl, listen, tls, trustedProxies }: ConsoleSettings, faults: Fault[]): URL | undefined {
  if (publicUrl === undefined) return undefined;
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined;
  const plain = url?.protocol === "http:" && isLoopbackHost(url.hostname) && isLoopbackHost(listen.host);
  if (url !== undefined && url.pathname === "/" && url.search === "" && url.username === "" && (url.protocol === "https:" || plain)) {
    if (url.protocol === "https:" && tls === undefined && trustedProxies.length === 0) {
      faults.push({
        where: "console.public_url",
        what: "It is https, and nothing ends TLS.",
        mend: "Give the console console.tls_cert and console.tls_key, or name the proxies in front in console.trusted_proxies.",
      });
    }
    return url;
  }
  faults.push({ where: "console.public_url", what: "It is no https URL without a path.", mend: "Write https://desk.example.com." });
  return undefined;
}

function readTls(files: { readonly certificate: string; readonly key: string }, faults: Fault[]): ConsoleBinding["tls"] {
  const read = (where: string, path: string): Buffer => {
    try {
      return readFileSync(path);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
      faults.push({ where, what: `${path} can't be read (${code}).`, mend: "Name a PEM file that this process may read." });
      return Buffer.alloc(0);
    }
  };
  return { cert: read("console.tls_cert", files.certificate), key: read("console.tls_key", files.key) };
}

function judgeOidc(oidc: OidcSettings, publicUrl: URL | undefined, faults: Fault[]): void {
  const issuer = URL.canParse(oidc.issuer) ? new URL(oidc.issuer) : undefined;
  if (issuer === undefined || (issuer.protocol !== "https:" && !isLoopbackHost(issuer.hostname))) {
    faults.push({
      where: "console.oidc_issuer",
      what: "It is no https URL.",
      mend: "Write the provider's issuer, such as https://login.example.com.",
    });
  }
  if (publicUrl === undefined) {
    faults.push({
      where: "console.public_url",
      what: "OIDC needs to know where browsers reach the console.",
      mend: "Write https://desk.example.com, and register /sign-in/oidc/callback below it with the provider.",
    });
  }
  if (Object.keys(oidc.roles).length === 0) {
    faults.push({
      where: "console.oidc_roles",
      what: "No value of the claim gives a role.",
      mend: "Write for example security-team=reviewer.",
    });
  }
}

export function isLoopbackHost(host: string | undefined): boolean {
  if (host === undefined) return false;
  const bare = host.replace(/^\[|\]$/g, "");
  if (bare === "localhost") return true;
  return ipaddr.isValid(bare) && ipaddr.process(bare).range() === "loopback";
}
