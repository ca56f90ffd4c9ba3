import forge from "node-forge";

/**
 * The few ASN.1 shapes of an X.509 certificate (RFC 5280, section 4.1) on node-forge's structures. node-forge's own certificate class
 * refuses EC keys and every certificate that holds one, so certificates are put together and read at this level.
 */
export type Node = forge.asn1.Asn1;

const { Class, Type } = forge.asn1;

function primitive(type: forge.asn1.Type, value: string): Node {
  return forge.asn1.create(Class.UNIVERSAL, type, false, value);
}

export function binary(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

export function sequence(...children: Node[]): Node {
  return forge.asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, children);
}

export function set(...children: Node[]): Node {
  return forge.asn1.create(Class.UNIVERSAL, Type.SET, true, children);
}

export function oid(dotted: string): Node {
  return primitive(Type.OID, forge.asn1.oidToDer(dotted).getBytes());
}

/** Bytes of a positive integer in their shortest form, most significant first. */
export function integer(bytes: Uint8Array): Node {
  return primitive(Type.INTEGER, binary(bytes));
}

export function boolean(value: boolean): Node {
  return primitive(Type.BOOLEAN, value ? "\xff" : "\x00");
}

export function nothing(): Node {
  return primitive(Type.NULL, "");
}

export function octets(content: Node | Uint8Array): Node {
  return primitive(Type.OCTETSTRING, content instanceof Uint8Array ? binary(content) : forge.asn1.toDer(content).getBytes());
}

/** `unused`: how many of the last byte's low bits don't count (X.690, section 8.6). */
export function bits(bytes: Uint8Array, unused = 0): Node {
  return primitive(Type.BITSTRING, String.fromCharCode(unused) + binary(bytes));
}

export function utf8(text: string): Node {
  return primitive(Type.UTF8, Buffer.from(text, "utf8").toString("latin1"));
}

/** UTCTime up to 2049, GeneralizedTime from 2050 on (RFC 5280, section 4.1.2.5). */
export function time(milliseconds: number): Node {
  const date = new Date(milliseconds);
  return date.getUTCFullYear() < 2050
    ? primitive(Type.UTCTIME, forge.asn1.dateToUtcTime(date))
    : primitive(Type.GENERALIZEDTIME, forge.asn1.dateToGeneralizedTime(date));
}

/** A context-specific tag around nodes (constructed) or over plain bytes (primitive). */
export function tagged(tag: number, content: Uint8Array | Node[]): Node {
  return content instanceof Uint8Array
    ? forge.asn1.create(Class.CONTEXT_SPECIFIC, tag, false, binary(content))
    : forge.asn1.create(Class.CONTEXT_SPECIFIC, tag, true, content);
}

export function encode(node: Node): Buffer {
  return Buffer.from(forge.asn1.toDer(node).getBytes(), "latin1");
}

/** @throws Error where the bytes are not one DER value. */
export function decode(bytes: Uint8Array): Node {
  return forge.asn1.fromDer(binary(bytes), true);
}

/** The children of a constructed node; empty for a primitive one. */
export function children(node: Node | undefined): readonly Node[] {
  return node !== undefined && typeof node.value !== "string" ? node.value : [];
}

/** The content of a primitive node; empty for a constructed one. */
export function content(node: Node | undefined): Buffer {
  return Buffer.from(node !== undefined && typeof node.value === "string" ? node.value : "", "latin1");
}

export function isContext(node: Node, tag: number): boolean {
  return node.tagClass === Class.CONTEXT_SPECIFIC && Number(node.type) === tag;
}

export function isBoolean(node: Node): boolean {
  return node.tagClass === Class.UNIVERSAL && node.type === Type.BOOLEAN;
}

export function dotted(node: Node | undefined): string {
  return forge.asn1.derToOid(content(node).toString("latin1"));
}
