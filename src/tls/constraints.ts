import ipaddr from "ipaddr.js";
import * as der from "./der.js";
import type { Node } from "./der.js";
import { DNS_NAME, IP_ADDRESS } from "./extensions.js";
import type { LeafName } from "./name.js";

/** A CA's name constraints, as far as they concern DNS names and addresses (RFC 5280, section 4.2.1.10). */
export interface NameConstraints {
  readonly permittedDns: readonly string[];
  readonly excludedDns: readonly string[];
  /** Address followed by mask: 8 or 32 bytes. */
  readonly permittedIp: readonly Uint8Array[];
  readonly excludedIp: readonly Uint8Array[];
}

/** Reads the extension's value. */
export function readNameConstraints(value: Node): NameConstraints {
  const trees = (tag: number): readonly Node[] => der.children(der.children(value).find((node) => der.isContext(node, tag)));
  const names = (tag: number, kind: number): Buffer[] =>
    trees(tag)
      .map((tree) => der.children(tree)[0])
      .filter((base): base is Node => base !== undefined && der.isContext(base, kind))
      .map((base) => der.content(base));
  const dns = (tag: number): string[] => names(tag, DNS_NAME).map((name) => name.toString("latin1").toLowerCase());
  return { permittedDns: dns(0), excludedDns: dns(1), permittedIp: names(0, IP_ADDRESS), excludedIp: names(1, IP_ADDRESS) };
}

/** Whether clients will accept a leaf for that name from a CA so constrained. */
export function covers(constraints: NameConstraints | undefined, name: LeafName): boolean {
  if (constraints === undefined) return true;
  if (name.kind === "dns") {
    const within = (base: string): boolean => isWithin(name.name, base);
    return (constraints.permittedDns.length === 0 || constraints.permittedDns.some(within)) && !constraints.excludedDns.some(within);
  }
  const within = (range: Uint8Array): boolean => isInRange(name.bytes, range);
  return (constraints.permittedIp.length === 0 || constraints.permittedIp.some(within)) && !constraints.excludedIp.some(within);
}

function isWithin(name: string, base: string): boolean {
  // A leading dot is not of RFC 5280, and OpenSSL reads it as "subdomains only".
  if (base.startsWith(".")) return name.endsWith(base);
  return base === "" || name === base || name.endsWith(`.${base}`);
}

function isInRange(address: Uint8Array, range: Uint8Array): boolean {
  if (range.length !== address.length * 2) return false;
  return address.every((byte, index) => {
    const mask = range[address.length + index] ?? 0;
    return (byte & mask) === ((range[index] ?? 0) & mask);
  });
}

/** One line for each constraint, for people: `permits app.example.com and names under it`. */
export function explainConstraints(constraints: NameConstraints): string[] {
  return [
    ...constraints.permittedDns.map((name) => `permits ${name} and names under it`),
    ...constraints.permittedIp.map((range) => `permits ${explainRange(range)}`),
    ...constraints.excludedDns.map((name) => (name === "" ? "excludes all DNS names" : `excludes ${name} and names under it`)),
    ...constraints.excludedIp.map((range) => `excludes ${explainRange(range)}`),
  ];
}

/** The hosts that a like CA would be constrained to; undefined where the constraints hold more than single hosts. */
export function constrainedHosts(constraints: NameConstraints): string[] | undefined {
  const addresses = constraints.permittedIp.map((range) => {
    const half = range.length / 2;
    return range.subarray(half).every((byte) => byte === 0xff) ? text(range.subarray(0, half)) : undefined;
  });
  const whole = addresses.filter((address) => address !== undefined);
  if (whole.length !== addresses.length || constraints.excludedDns.some((name) => name !== "")) return undefined;
  return [...constraints.permittedDns, ...whole];
}

function explainRange(range: Uint8Array): string {
  const half = range.length / 2;
  const mask = range.subarray(half);
  const bits = mask.reduce((sum, byte) => sum + byte.toString(2).replaceAll("0", "").length, 0);
  if (bits === 0) return half === 4 ? "all IPv4 addresses" : "all IPv6 addresses";
  return `${text(range.subarray(0, half))}/${bits}`;
}

function text(address: Uint8Array): string {
  return ipaddr.fromByteArray([...address]).toString();
}
