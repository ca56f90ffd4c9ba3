import { X509Certificate } from "node:crypto";
import { type NameConstraints, readNameConstraints } from "./constraints.js";
import * as der from "./der.js";
import type { Node } from "./der.js";
import { OIDS } from "./extensions.js";
import { keyIdentifier } from "./signature.js";

/** A certificate as far as signing with it, and judging it, needs. */
export interface Certificate {
  readonly x509: X509Certificate;
  /** The Name exactly as the certificate spells it, since a leaf's issuer must equal it byte for byte (RFC 5280, section 7.1). */
  readonly subject: Node;
  readonly subjectKeyId: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** basicConstraints says CA:TRUE. (Node's `x509.ca` mixes keyUsage in.) */
  readonly isAuthority: boolean;
  /** False only where a keyUsage extension stands and lacks keyCertSign. */
  readonly maySign: boolean;
  readonly constraints: NameConstraints | undefined;
  readonly selfIssued: boolean;
}

/** @throws Error where the bytes are no certificate. */
export function readCertificate(bytes: Uint8Array): Certificate {
  const x509 = new X509Certificate(bytes);
  const toBeSigned = der.children(der.decode(x509.raw))[0];
  // The version is left out in certificates of version 1.
  const fields = der.children(toBeSigned).filter((node, index) => !(index === 0 && der.isContext(node, 0)));
  const [, , , , subject, publicKey] = fields;
  if (subject === undefined || publicKey === undefined) throw new Error("The certificate lacks a subject or a key.");
  const extensions = extensionsOf(fields.find((node) => der.isContext(node, 3)));
  const keyId = extensions.get(OIDS.subjectKeyIdentifier);
  const usage = extensions.get(OIDS.keyUsage);
  const basic = extensions.get(OIDS.basicConstraints);
  const constraints = extensions.get(OIDS.nameConstraints);
  return {
    x509,
    subject,
    subjectKeyId: keyId === undefined ? keyIdentifier(publicKey) : der.content(keyId),
    notBefore: Date.parse(x509.validFrom),
    notAfter: Date.parse(x509.validTo),
    isAuthority: der.children(basic).some((node) => der.isBoolean(node) && der.content(node)[0] !== 0),
    // keyCertSign is bit 5, after the byte that counts unused bits.
    maySign: usage === undefined || ((der.content(usage)[1] ?? 0) & 0b0000_0100) !== 0,
    constraints: constraints === undefined ? undefined : readNameConstraints(constraints),
    selfIssued: x509.subject === x509.issuer,
  };
}

function extensionsOf(field: Node | undefined): Map<string, Node> {
  const found = new Map<string, Node>();
  for (const extension of der.children(der.children(field)[0])) {
    const [id, ...rest] = der.children(extension);
    const value = rest.find((node) => !der.isBoolean(node));
    if (id !== undefined && value !== undefined) found.set(der.dotted(id), der.decode(der.content(value)));
  }
  return found;
}
