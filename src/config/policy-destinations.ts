import type { Destination, ParentProxy } from "../model/policy.js";
import { canonicalHost, readHostPort, writeHostPort } from "./host-spelling.js";
import { readParentProxy } from "./parent-spelling.js";
import { readClients } from "./policy-clients.js";
import { readRoutes } from "./policy-routes.js";
import { readChoice, readInteger, readList, readMembers, readText, readTexts } from "./tree-reader.js";
import type { FaultSink, Members } from "./tree-reader.js";
import type { Tree } from "./yaml-tree.js";

const DESTINATION_KEYS = ["name", "host", "port", "scheme", "headers", "connect", "parent", "clients", "routes"] as const;

/** Header names that belong to one connection or to the message's framing: policy can't send them upstream (RFC 9110, section 7.6.1). */
const NEVER_SENT = new Set(
  "connection keep-alive proxy-connection proxy-authorization proxy-authenticate te trailer transfer-encoding upgrade host content-length expect".split(
    " ",
  ),
);

/** A destination with the places of what must be unique in the whole policy. */
export interface PlacedDestination {
  readonly destination: Destination;
  /** What the policy says of the way to it; undefined where that is left to the settings. */
  readonly parent: ParentProxy | "direct" | undefined;
  readonly nameWhere: string;
  readonly hostWhere: string;
}

export function readDestinations(
  tree: Tree | undefined,
  caseName: Destination["caseName"],
  what: string,
  schemaNames: ReadonlySet<string>,
  faults: FaultSink,
): PlacedDestination[] {
  return readList(tree, what, faults).flatMap((item) => readDestination(item, caseName, what, schemaNames, faults) ?? []);
}

function readDestination(
  tree: Tree,
  caseName: Destination["caseName"],
  list: string,
  schemaNames: ReadonlySet<string>,
  faults: FaultSink,
): PlacedDestination | undefined {
  const members = readMembers(tree, DESTINATION_KEYS, `A destination of ${list}`, faults);
  if (members === undefined) return undefined;
  const name = readName(members, tree, list, faults);
  const what = name === undefined ? `A destination of ${list}` : `The destination "${name}"`;
  const host = readHost(members, tree, what, faults);
  const portTree = members.get("port")?.value;
  const scheme = readScheme(members, caseName, what, faults);
  const port = portTree === undefined ? (scheme === "http" ? 80 : 443) : readInteger(portTree, 1, 65_535, `${what}: port`, faults);
  const headers = readTexts(members.get("headers")?.value, `${what}: headers`, faults, (header, where) =>
    acceptHeader(header, where, what, faults),
  );
  const connect = readConnect(members, what, faults);
  const parent = readParent(members, what, faults);
  const clients = readClients(members.get("clients")?.value, what, faults);
  const routes = readRoutes(members.get("routes")?.value, tree, what, schemaNames, faults);
  if (name === undefined || host === undefined || port === undefined) return undefined;
  return {
    destination: { name, caseName, host, port, scheme, routes, headers, connect, ...(clients === undefined ? {} : { clients }) },
    parent,
    nameWhere: members.get("name")?.value.where ?? tree.where,
    hostWhere: members.get("host")?.value.where ?? tree.where,
  };
}

function readName(members: Members, tree: Tree, list: string, faults: FaultSink): string | undefined {
  const entry = members.get("name");
  if (entry === undefined) {
    faults.push({ where: tree.where, what: `A destination of ${list} lacks a name.`, mend: "Add name: it labels metrics and records." });
    return undefined;
  }
  const name = readText(entry.value, "A destination's name", faults);
  if (name === undefined || (/^[a-z0-9][a-z0-9-]{0,62}$/.test(name) && name !== "none")) return name;
  faults.push({
    where: entry.value.where,
    what: `"${name}" can't be a metric's label.`,
    mend: "Write lower-case letters, digits and hyphens; none is taken.",
  });
  return undefined;
}

function readHost(members: Members, tree: Tree, what: string, faults: FaultSink): string | undefined {
  const entry = members.get("host");
  if (entry === undefined) {
    faults.push({ where: tree.where, what: `${what} lacks a host.`, mend: "Add host." });
    return undefined;
  }
  const host = readText(entry.value, `${what}: host`, faults);
  if (host === undefined) return undefined;
  const canonical = canonicalHost(host);
  if (canonical === host) return host;
  const mend = host.includes("*")
    ? "Name each host: a wildcard would allow hosts that nobody has looked at."
    : canonical === undefined
      ? "Write a DNS name or an IP address, without scheme, port or path."
      : `Write "${canonical}".`;
  faults.push({ where: entry.value.where, what: `${what}: the host "${host}" is not in its canonical spelling.`, mend });
  return undefined;
}

function readScheme(members: Members, caseName: Destination["caseName"], what: string, faults: FaultSink): Destination["scheme"] {
  const entry = members.get("scheme");
  const scheme = entry === undefined ? "https" : (readChoice(entry.value, ["https", "http"], `${what}: scheme`, faults) ?? "https");
  if (entry !== undefined && scheme === "http" && caseName !== "operator") {
    faults.push({
      where: entry.value.where,
      what: `${what} belongs to a Limited Case and may only be reached over TLS.`,
      mend: "Remove scheme.",
    });
  }
  return scheme;
}

function acceptHeader(header: string, where: string, what: string, faults: FaultSink): boolean {
  if (NEVER_SENT.has(header)) {
    faults.push({ where, what: `${what}: the header "${header}" belongs to one connection and never goes upstream.`, mend: "Remove it." });
    return false;
  }
  if (/^[a-z0-9!#$%&'*+.^_`|~-]+$/.test(header)) return true;
  const mend = /^[a-z0-9-]+$/i.test(header) ? `Write "${header.toLowerCase()}".` : "Write a header's name.";
  faults.push({ where, what: `${what}: "${header}" is no header name in lower case.`, mend });
  return false;
}

function readConnect(members: Members, what: string, faults: FaultSink): Destination["connect"] {
  const entry = members.get("connect");
  if (entry === undefined) return undefined;
  const written = readText(entry.value, `${what}: connect`, faults);
  if (written === undefined) return undefined;
  const read = readHostPort(written);
  if (read === undefined)
    faults.push({
      where: entry.value.where,
      what: `${what}: connect is no HOST:PORT.`,
      mend: 'Write "10.0.0.7:8443"; an IPv6 in brackets.',
    });
  return read;
}

/** The text is never told: a URL may hold a password, where one was written by mistake. */
function readParent(members: Members, what: string, faults: FaultSink): PlacedDestination["parent"] {
  const entry = members.get("parent");
  if (entry === undefined) return undefined;
  const written = readText(entry.value, `${what}: parent`, faults);
  if (written === undefined || written === "direct") return written;
  const { where } = entry.value;
  if (members.has("connect"))
    faults.push({ where, what: `${what} says both where it is dialled and who dials it.`, mend: "Remove connect or parent." });
  const parent = readParentProxy(written);
  if (parent === undefined)
    faults.push({
      where,
      what: `${what}: parent is no proxy.`,
      mend: 'Write "http://HOST:PORT", "https://HOST:PORT" or "direct"; credentials belong in parent.credentials_file of the settings.',
    });
  return parent;
}

/** Names label metrics and host:port is what a request is matched by: each may stand once in the whole policy. */
export function faultDuplicates(placed: readonly PlacedDestination[], faults: FaultSink): void {
  const names = new Map<string, string>();
  const hosts = new Map<string, string>();
  for (const { destination, nameWhere, hostWhere } of placed) {
    const firstName = names.get(destination.name);
    if (firstName === undefined) names.set(destination.name, nameWhere);
    else faults.push({ where: nameWhere, what: `The name "${destination.name}" is taken at ${firstName}.`, mend: "Give it another name." });
    const place = writeHostPort(destination);
    const firstHost = hosts.get(place);
    if (firstHost === undefined) hosts.set(place, hostWhere);
    else
      faults.push({ where: hostWhere, what: `${place} is named already at ${firstHost}.`, mend: "Put both routes under one destination." });
  }
}
