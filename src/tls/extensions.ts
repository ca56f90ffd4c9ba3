import * as der from "./der.js";
import type { Node } from "./der.js";
import type { LeafName } from "./name.js";

/** The extensions that this project writes (RFC 5280, section 4.2.1). */
export const OIDS = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  authorityKeyIdentifier: "2.5.29.35",
  extKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  commonName: "2.5.4.3",
  organizationName: "2.5.4.10",
} as const;

/** Numbers of GeneralName's choices (RFC 5280, section 4.2.1.6). */
export const DNS_NAME = 2;
export const IP_ADDRESS = 7;

function extension(id: string, critical: boolean, value: Node): Node {
  return critical ? der.sequence(der.oid(id), der.boolean(true), der.octets(value)) : der.sequence(der.oid(id), der.octets(value));
}

export function subjectKeyIdentifier(id: Uint8Array): Node {
  return extension(OIDS.subjectKeyIdentifier, false, der.octets(id));
}

export function authorityKeyIdentifier(id: Uint8Array): Node {
  return extension(OIDS.authorityKeyIdentifier, false, der.sequence(der.tagged(0, id)));
}

/** `pathLength` 0: it signs leaves, and no further CA. */
export function authorityConstraints(): Node {
  return extension(OIDS.basicConstraints, true, der.sequence(der.boolean(true), der.integer(Uint8Array.of(0))));
}

/** CA:false is the default, and DER leaves defaults out (X.690, section 11.5). */
export function leafConstraints(): Node {
  return extension(OIDS.basicConstraints, true, der.sequence());
}

/** keyCertSign (bit 5) and cRLSign (bit 6). */
export function authorityUsage(): Node {
  return extension(OIDS.keyUsage, true, der.bits(Uint8Array.of(0b0000_0110), 1));
}

/** digitalSignature (bit 0). */
export function leafUsage(): Node {
  return extension(OIDS.keyUsage, true, der.bits(Uint8Array.of(0b1000_0000), 7));
}

export function serverAuthentication(): Node {
  return extension(OIDS.extKeyUsage, false, der.sequence(der.oid(OIDS.serverAuth)));
}

/** `critical` where the subject is empty, so that nobody may skip the only name (RFC 5280, section 4.2.1.6). */
export function alternativeName(name: LeafName, critical: boolean): Node {
  return extension(OIDS.subjectAltName, critical, der.sequence(generalName(name)));
}

function generalName(name: LeafName): Node {
  return name.kind === "dns" ? der.tagged(DNS_NAME, Buffer.from(name.name, "latin1")) : der.tagged(IP_ADDRESS, name.bytes);
}

/**
 * Permits these names only. A DNS constraint permits the name and everything under it. A kind of name of which none is permitted
 * would stay wide open, so all of that kind are excluded (RFC 5280, section 4.2.1.10).
 */
export function nameConstraints(names: readonly LeafName[]): Node {
  const permitted = names.map((name) =>
    der.sequence(
      name.kind === "dns" ? generalName(name) : der.tagged(IP_ADDRESS, Buffer.concat([name.bytes, Buffer.alloc(name.bytes.length, 0xff)])),
    ),
  );
  const excluded: Node[] = [];
  // The empty name covers every name; address and mask of zeros cover all of IPv4 and all of IPv6.
  if (!names.some((name) => name.kind === "dns")) excluded.push(der.sequence(der.tagged(DNS_NAME, Buffer.alloc(0))));
  if (!names.some((name) => name.kind === "ip")) {
    excluded.push(...[8, 32].map((length) => der.sequence(der.tagged(IP_ADDRESS, Buffer.alloc(length)))));
  }
  const parts: Node[] = [];
  if (permitted.length > 0) parts.push(der.tagged(0, permitted));
  if (excluded.length > 0) parts.push(der.tagged(1, excluded));
  return extension(OIDS.nameConstraints, true, der.sequence(...parts));
}
