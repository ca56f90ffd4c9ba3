import { readFileSync } from "node:fs";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { X509Certificate } from "node:crypto";
import { type Fault, FaultsError } from "../model/fault.js";
import { pem, pemBlocks } from "./signature.js";

/** Where systems keep their CA bundle: Debian and Alpine, Fedora, its newer place, openSUSE, the BSDs and macOS. */
const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
  "/usr/local/etc/ssl/cert.pem",
];

export interface Roots {
  readonly pems: readonly string[];
  /** A path, or `node` for the roots that Node.js ships. */
  readonly source: string;
}

/**
 * The roots that this system trusts: `SSL_CERT_FILE`, else the first usual bundle that can be read, else Node's own. Node 20 can't ask
 * the system itself (`tls.getCACertificates` came later).
 *
 * @throws FaultsError where `SSL_CERT_FILE` names a file without certificates: the operator's word is not passed over.
 */
export function systemRoots(environment: Readonly<Record<string, string | undefined>> = process.env): Roots {
  const named = environment["SSL_CERT_FILE"];
  if (named !== undefined && named !== "") {
    const read = readRoots(named, "SSL_CERT_FILE");
    if ("fault" in read) throw new FaultsError("The system's roots can't be read:", [read.fault]);
    return { pems: read.pems, source: named };
  }
  for (const path of BUNDLES) {
    const read = readRoots(path, path);
    if ("pems" in read) return { pems: read.pems, source: path };
  }
  return { pems: rootCertificates.map((text) => `${text.trim()}\n`), source: "node" };
}

/**
 * Refuses an environment in which Node believes any certificate. What this program says itself it verifies all the same, but libraries ask the
 * environment: those of the identity provider and of PostgreSQL.
 *
 * @throws FaultsError where it does
 */
export function refuseUnverifiedTls(environment: Readonly<Record<string, string | undefined>> = process.env): void {
  if (environment["NODE_TLS_REJECT_UNAUTHORIZED"] !== "0") return;
  throw new FaultsError("The proxy does not start where TLS is not verified:", [
    {
      where: "NODE_TLS_REJECT_UNAUTHORIZED",
      what: "It has Node.js believe any certificate.",
      mend: "Unset it. Name the roots of a network that breaks TLS open by SSL_CERT_FILE or --upstream-ca.",
    },
  ]);
}

export interface UpstreamTrust {
  /** Files whose certificates are trusted beside the system's (`--upstream-ca`). */
  readonly extraCaFiles: readonly string[];
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * The one context for all upstream connections: verified, TLS 1.2 or newer (invariant 8). Costs some 20 ms with the system's roots, so it
 * is built once and passed as `secureContext`.
 *
 * @throws FaultsError naming every file that can't be used
 */
export function buildUpstreamSecureContext(trust: UpstreamTrust): SecureContext {
  const extra = rootsOf(trust.extraCaFiles, "--upstream-ca");
  return createSecureContext({ ca: [...systemRoots(trust.environment).pems, ...extra], minVersion: "TLSv1.2" });
}

/**
 * What parent proxies over TLS are verified by: their own roots and no others, TLS 1.2 or newer.
 *
 * @returns undefined where no file is named: the upstream's context does
 * @throws FaultsError naming every file that can't be used
 */
export function buildParentSecureContext(files: readonly string[]): SecureContext | undefined {
  if (files.length === 0) return undefined;
  return createSecureContext({ ca: rootsOf(files, "parent.ca"), minVersion: "TLSv1.2" });
}

function rootsOf(files: readonly string[], where: string): string[] {
  const faults: Fault[] = [];
  const pems = files.flatMap((path) => {
    const read = readRoots(path, where);
    if ("pems" in read) return read.pems;
    faults.push(read.fault);
    return [];
  });
  if (faults.length > 0) throw new FaultsError("The roots for upstream TLS can't be read:", faults);
  return pems;
}

function readRoots(path: string, where: string): { readonly pems: string[] } | { readonly fault: Fault } {
  const mend = "Name a readable file of PEM certificates.";
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return { fault: { what: `${path} can't be read.`, where, mend } };
  }
  const blocks = pemBlocks(text);
  if (blocks.length === 0) return { fault: { what: `${path} holds no PEM certificate.`, where, mend } };
  try {
    return { pems: blocks.map((block) => pem(new X509Certificate(block).raw)) };
  } catch {
    return { fault: { what: `${path} holds a certificate that can't be read.`, where, mend } };
  }
}
