import { createHash, type KeyObject, randomBytes, sign } from "node:crypto";
import * as der from "./der.js";
import type { Node } from "./der.js";

/** How a CA key signs: the AlgorithmIdentifier and the digest for node:crypto. */
export interface SignatureKind {
  readonly digest: "sha256" | "sha384" | "sha512";
  readonly oid: string;
  /** RSA's identifier holds a NULL (RFC 4055, section 5); ECDSA's holds nothing (RFC 5758, section 3.2). */
  readonly withNull: boolean;
}

const EC_KINDS: Readonly<Record<string, SignatureKind>> = {
  prime256v1: { digest: "sha256", oid: "1.2.840.10045.4.3.2", withNull: false },
  secp384r1: { digest: "sha384", oid: "1.2.840.10045.4.3.3", withNull: false },
  secp521r1: { digest: "sha512", oid: "1.2.840.10045.4.3.4", withNull: false },
};

const RSA_KIND: SignatureKind = { digest: "sha256", oid: "1.2.840.113549.1.1.11", withNull: true };

/** Below this OpenSSL's default security level refuses the chain. */
export const LEAST_RSA_BITS = 2048;

/** How this private key signs; undefined for keys that clients of TLS 1.2 can't be relied on to verify (Ed25519, RSA-PSS, short RSA). */
export function signatureKind(key: KeyObject): SignatureKind | undefined {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === "rsa") return (details?.modulusLength ?? 0) >= LEAST_RSA_BITS ? RSA_KIND : undefined;
  if (key.asymmetricKeyType === "ec") return EC_KINDS[details?.namedCurve ?? ""];
  return undefined;
}

/** The parts of a certificate that differ between a CA and a leaf (RFC 5280, section 4.1). */
export interface CertificateParts {
  readonly issuer: Node;
  readonly subject: Node;
  readonly notBefore: number;
  readonly notAfter: number;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Node;
  readonly extensions: readonly Node[];
}

/**
 * Puts a certificate together and signs it in native code, off the event loop.
 *
 * @returns DER
 */
export async function signCertificate(parts: CertificateParts, kind: SignatureKind, key: KeyObject): Promise<Buffer> {
  const algorithm = kind.withNull ? der.sequence(der.oid(kind.oid), der.nothing()) : der.sequence(der.oid(kind.oid));
  const toBeSigned = der.sequence(
    // Version 3.
    der.tagged(0, [der.integer(Uint8Array.of(2))]),
    der.integer(serialNumber()),
    algorithm,
    parts.issuer,
    der.sequence(der.time(parts.notBefore), der.time(parts.notAfter)),
    parts.subject,
    parts.publicKey,
    der.tagged(3, [der.sequence(...parts.extensions)]),
  );
  const signature = await new Promise<Buffer>((resolve, reject) => {
    sign(kind.digest, der.encode(toBeSigned), key, (error, value) => (error === null ? resolve(value) : reject(error)));
  });
  return der.encode(der.sequence(toBeSigned, algorithm, der.bits(signature)));
}

/** 126 random bits: positive and of one length, under the 20 octets of RFC 5280, section 4.1.2.2. */
function serialNumber(): Uint8Array {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

/** The leftmost 160 bits of SHA-256 over the public key's bits (RFC 7093, section 2, method 1). */
export function keyIdentifier(publicKeyInfo: Node): Uint8Array {
  const encoded = der.encode(der.children(publicKeyInfo)[1] ?? publicKeyInfo);
  // Past tag and length of the BIT STRING, and past its count of unused bits.
  const lengthByte = encoded[1] ?? 0;
  const header = lengthByte < 0x80 ? 2 : 2 + (lengthByte & 0x7f);
  return createHash("sha256")
    .update(encoded.subarray(header + 1))
    .digest()
    .subarray(0, 20);
}

export function pem(certificate: Uint8Array): string {
  const lines =
    Buffer.from(certificate)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** Every certificate block of a PEM text, as DER. Blocks that are no base64 are kept: reading them says what is wrong. */
export function pemBlocks(text: string): Buffer[] {
  const blocks = text.matchAll(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([^-]*)-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g);
  return [...blocks].map((block) => Buffer.from(block[1] ?? "", "base64"));
}
