import { isIPv4, isIPv6 } from "node:net";
import { clientAddress } from "./client-address.js";

/** What stands at the start of a connection that is to open with a PROXY header. */
export type ProxyHeader =
  | { readonly kind: "incomplete" }
  | { readonly kind: "malformed"; readonly why: string }
  /** The load balancer's own connection (a health check), or a client it knows nothing of: the connection's own address holds. */
  | { readonly kind: "local"; readonly used: number }
  | { readonly kind: "proxied"; readonly address: string; readonly port: number; readonly used: number };

const SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const V1 = Buffer.from("PROXY ");
/** A header of version 1 with its CRLF (PROXY protocol, section 2.1). */
const V1_BYTES = 107;
/** Addresses with whatever TLVs follow; the specification would allow 64 kB, no load balancer sends a fraction of this. */
const V2_BYTES = 2_048;
const PORT = /^(?:0|[1-9][0-9]{0,4})$/;

/**
 * Reads a PROXY protocol header, version 1 or 2 (HAProxy's specification, sections 2.1 and 2.2), from hostile bytes. Strict: one spelling
 * of an address, TCP only, every length in bounds. Pure.
 */
export function parseProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsWith(bytes, SIGNATURE)) return bytes.length < 16 ? { kind: "incomplete" } : parseBinary(bytes);
  if (startsWith(bytes, V1)) return parseText(bytes);
  return malformed("The connection does not open with a PROXY header.");
}

/** Whether the bytes are, or could still become, what starts so. */
function startsWith(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}

function parseText(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, V1_BYTES).indexOf("\r\n");
  if (end < 0) return bytes.length >= V1_BYTES ? malformed("The PROXY line is too long.") : { kind: "incomplete" };
  const words = bytes.toString("latin1", 0, end).split(" ");
  const used = end + 2;
  const [, family, source = "", destination = "", sourcePort = "", destinationPort = ""] = words;
  // What follows UNKNOWN is to be passed over, whatever it says.
  if (family === "UNKNOWN") return { kind: "local", used };
  if (words.length !== 6) return malformed("The PROXY line does not have its six words.");
  const isAddress = family === "TCP4" ? isIPv4 : family === "TCP6" ? isPlainIPv6 : undefined;
  if (isAddress === undefined) return malformed("The PROXY line names a family that is neither TCP4 nor TCP6.");
  if (!isAddress(source) || !isAddress(destination)) return malformed("An address of the PROXY line is none of its family.");
  if (!isPort(sourcePort) || !isPort(destinationPort)) return malformed("A port of the PROXY line is none.");
  return { kind: "proxied", address: clientAddress(source), port: Number(sourcePort), used };
}

function parseBinary(bytes: Buffer): ProxyHeader {
  const command = bytes[12];
  const family = bytes[13];
  const length = bytes.readUInt16BE(14);
  if (length > V2_BYTES) return malformed("The PROXY header is too long.");
  if (command !== 0x20 && command !== 0x21) return malformed("The PROXY header is of another version, or of an unknown command.");
  const used = 16 + length;
  if (bytes.length < used) return { kind: "incomplete" };
  if (command === 0x20 || family === 0x00) return { kind: "local", used };
  if (family === 0x11 && length >= 12) {
    return { kind: "proxied", address: [...bytes.subarray(16, 20)].join("."), port: bytes.readUInt16BE(24), used };
  }
  if (family === 0x21 && length >= 36) {
    const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(16 + index * 2).toString(16));
    return { kind: "proxied", address: clientAddress(groups.join(":")), port: bytes.readUInt16BE(48), used };
  }
  return malformed("The PROXY header's addresses are not TCP over IPv4 or IPv6, or are cut short.");
}

function isPlainIPv6(text: string): boolean {
  return !text.includes("%") && isIPv6(text);
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= 65_535;
}

function malformed(why: string): ProxyHeader {
  return { kind: "malformed", why };
}
