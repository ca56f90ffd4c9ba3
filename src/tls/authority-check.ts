import { createPrivateKey, type KeyObject } from "node:crypto";
import type { Fault } from "../model/fault.js";
import { type Certificate, readCertificate } from "./certificate.js";
import { pemBlocks, signatureKind } from "./signature.js";

const FRESH = "Or move ca.crt and ca.key away and run: egress-proxy ca init.";

/** Reads a PEM file that holds the CA's certificate first and, after it, those that lead to its root. */
export function parseChain(text: string, path: string): { readonly chain: readonly Certificate[]; readonly faults: readonly Fault[] } {
  const blocks = pemBlocks(text);
  const mend = `Put PEM text there (-----BEGIN CERTIFICATE-----), the signing CA first, then the certificates above it. ${FRESH}`;
  if (blocks.length === 0) return { chain: [], faults: [{ what: "The file holds no PEM certificate.", where: path, mend }] };
  const chain: Certificate[] = [];
  const faults: Fault[] = [];
  for (const [index, block] of blocks.entries()) {
    try {
      chain.push(readCertificate(block));
    } catch {
      faults.push({ what: `Certificate ${index + 1} of the file can't be read.`, where: path, mend });
    }
  }
  return { chain: faults.length === 0 ? chain : [], faults };
}

/** Reads a private key from PEM; never puts any of it into the fault. */
export function parseKey(text: string, path: string): { readonly key: KeyObject } | { readonly fault: Fault } {
  if (/ENCRYPTED/.test(text)) {
    return {
      fault: {
        what: "The private key is encrypted.",
        where: path,
        mend: `Decrypt it (openssl pkey -in ${path}) and keep the file at mode 0600.`,
      },
    };
  }
  try {
    const key = createPrivateKey(text);
    if (signatureKind(key) !== undefined) return { key };
    const what = `Keys of this kind (${key.asymmetricKeyType ?? "unknown"}, or too short) are not accepted by all TLS clients.`;
    return { fault: { what, where: path, mend: "Use RSA of 2048 bits or more, or EC on P-256, P-384 or P-521." } };
  } catch {
    return {
      fault: { what: "The file holds no PEM private key.", where: path, mend: `Put PKCS #8, PKCS #1 or SEC 1 PEM text there. ${FRESH}` },
    };
  }
}

/** Everything that keeps a chain from signing leaves that clients accept now. */
export function judgeChain(chain: readonly Certificate[], path: string, now: number): Fault[] {
  const faults: Fault[] = [];
  for (const [index, certificate] of chain.entries()) {
    const which = chain.length === 1 ? "The CA certificate" : `Certificate ${index + 1} of the chain`;
    const mend = index === 0 ? `Put a current CA there. ${FRESH}` : "Replace it in the chain.";
    if (certificate.notAfter <= now) faults.push({ what: `${which} expired on ${day(certificate.notAfter)}.`, where: path, mend });
    if (certificate.notBefore > now) {
      faults.push({
        what: `${which} is not valid before ${day(certificate.notBefore)}.`,
        where: path,
        mend: `Check this machine's clock. ${mend}`,
      });
    }
    if (!certificate.isAuthority) {
      faults.push({
        what: `${which} is not a CA (basicConstraints lacks CA:TRUE).`,
        where: path,
        mend: `Put a CA certificate there. ${FRESH}`,
      });
    } else if (!certificate.maySign) {
      faults.push({
        what: `${which} may not sign certificates (keyUsage lacks keyCertSign).`,
        where: path,
        mend: `Have it reissued as a CA. ${FRESH}`,
      });
    }
    const above = chain[index + 1];
    if (above !== undefined && !(certificate.x509.checkIssued(above.x509) && certificate.x509.verify(above.x509.publicKey))) {
      faults.push({
        what: `${which} was not issued by the one that follows it.`,
        where: path,
        mend: "Order the file: the signing CA first, each followed by its issuer.",
      });
    }
  }
  return faults;
}

export function day(milliseconds: number): string {
  return new Date(milliseconds).toISOString().slice(0, 10);
}
