import type { Route } from "../model/policy.js";
import { mendUnknown } from "./nearest-name.js";
import { readScript } from "./policy-script.js";
import { readChoice, readList, readMembers, readText, readTexts } from "./tree-reader.js";
import type { FaultSink, Members } from "./tree-reader.js";
import type { Tree } from "./yaml-tree.js";

const ROUTE_KEYS = ["methods", "path", "paths", "content_types", "read_as", "schema", "query_schema", "script"] as const;
/** Formats that clients send under a vaguer name; others are read by what they state. */
const READ_AS = ["application/x-sentry-envelope"] as const;
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const;

/** Reads a destination's `routes`; a route with several paths becomes several. */
export function readRoutes(
  tree: Tree | undefined,
  owner: Tree,
  what: string,
  schemaNames: ReadonlySet<string>,
  faults: FaultSink,
): Route[] {
  const items = readList(tree, `${what}: routes`, faults);
  if (items.length === 0) {
    faults.push({
      where: owner.where,
      what: `${what} names no routes, so nothing may be asked of it.`,
      mend: "Add routes with methods and path.",
    });
  }
  return items.flatMap((item) => readRoute(item, what, schemaNames, faults));
}

function readRoute(tree: Tree, owner: string, schemaNames: ReadonlySet<string>, faults: FaultSink): Route[] {
  const what = `A route of ${owner.replace(/^(?:A|The)\b/, (article) => article.toLowerCase())}`;
  const members = readMembers(tree, ROUTE_KEYS, what, faults);
  if (members === undefined) return [];
  const methods = readTexts(members.get("methods")?.value, `${what}: methods`, faults, (method, where) => {
    if (METHODS.some((known) => known === method)) return true;
    faults.push({ where, what: `${what} names the method "${method}".`, mend: mendUnknown(method, METHODS) });
    return false;
  });
  if (!members.has("methods")) faults.push({ where: tree.where, what: `${what} lacks methods.`, mend: "Add methods: [POST]." });
  const contentTypes = readTexts(members.get("content_types")?.value, `${what}: content_types`, faults, (type, where) =>
    acceptType(type, where, what, faults),
  );
  const readAsTree = members.get("read_as")?.value;
  const readAs = readAsTree && readChoice(readAsTree, READ_AS, `${what}: read_as`, faults);
  const script = readScript(members, methods, what, faults);
  const schema = readSchemaName(members, "schema", what, schemaNames, faults);
  const querySchema = readSchemaName(members, "query_schema", what, schemaNames, faults);
  if (contentTypes.length > 0 && !members.has("schema")) {
    faults.push({
      where: tree.where,
      what: `${what} takes a body and names no schema for it.`,
      mend: "Add schema, or remove content_types.",
    });
  }
  if (members.has("schema") && !members.has("content_types")) {
    faults.push({ where: tree.where, what: `${what} names a schema and no content type.`, mend: "Add content_types: [application/json]." });
  }
  return readPaths(members, tree, what, faults).map((path) => ({
    methods,
    path,
    contentTypes,
    schema,
    querySchema,
    ...(readAs === undefined ? {} : { readAs }),
    ...(script === undefined ? {} : { script }),
  }));
}

function readPaths(members: Members, tree: Tree, what: string, faults: FaultSink): string[] {
  const accept = (path: string, where: string): boolean => {
    const wrong = pathFault(path);
    if (wrong === undefined) return true;
    faults.push({ where, what: `${what}: the path "${path}" ${wrong.what}`, mend: wrong.mend });
    return false;
  };
  const single = members.get("path");
  const several = members.get("paths");
  if ((single === undefined) === (several === undefined)) {
    faults.push({ where: tree.where, what: `${what} needs either path or paths.`, mend: "Write one of the two." });
    return [];
  }
  if (single === undefined) return readTexts(several?.value, `${what}: paths`, faults, accept);
  const path = readText(single.value, `${what}: path`, faults);
  return path !== undefined && accept(path, single.value.where) ? [path] : [];
}

/** What is wrong with a path that is not in normal form (RFC 3986, sections 3.3 and 6.2.2): such a path would never match a request. */
export function pathFault(path: string): { readonly what: string; readonly mend: string } | undefined {
  if (!path.startsWith("/")) return { what: "does not start with a slash.", mend: `Write "/${path}".` };
  if (/[?#]/.test(path))
    return { what: "holds a query or fragment.", mend: "End it before the ? or #; parameters belong to query_schema." };
  if (/\/\.{1,2}(?:\/|$)/.test(path)) return { what: "holds a dot segment.", mend: "Write the path that it leads to." };
  if (path.includes("//")) return { what: "holds an empty segment.", mend: "Write single slashes." };
  if (path.includes("*")) return { what: "holds a wildcard.", mend: "Name each path: paths match exactly." };
  if (!/^(?:[A-Za-z0-9\-._~!$&'()+,;=:@/]|%[0-9A-F]{2})*$/.test(path)) {
    return { what: "holds a character that must be percent-encoded, in upper-case digits.", mend: `Write "${encodePath(path)}".` };
  }
  // %41 and A are one path in two spellings; only the plain one is normal. An encoded slash is refused by http/ and could never match.
  const needless = [...path.matchAll(/%([0-9A-F]{2})/g)].some(([, hex]) =>
    /[A-Za-z0-9\-._~/\\]/.test(String.fromCharCode(Number.parseInt(hex ?? "0", 16))),
  );
  return needless ? { what: "encodes a character that needs none.", mend: "Write it plainly." } : undefined;
}

function encodePath(path: string): string {
  return encodeURI(path.replace(/%[0-9a-f]{2}/gi, (code) => code.toUpperCase())).replace(/%25([0-9A-F]{2})/g, "%$1");
}

function acceptType(type: string, where: string, what: string, faults: FaultSink): boolean {
  if (/^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/.test(type)) return true;
  faults.push({
    where,
    what: `${what}: "${type}" is no media type in lower case without parameters.`,
    mend: "Write one such as application/json.",
  });
  return false;
}

function readSchemaName(
  members: Members,
  key: "schema" | "query_schema",
  what: string,
  known: ReadonlySet<string>,
  faults: FaultSink,
): string | undefined {
  const entry = members.get(key);
  if (entry === undefined) return undefined;
  const name = readText(entry.value, `${what}: ${key}`, faults);
  if (name === undefined || known.has(name)) return name;
  faults.push({
    where: entry.value.where,
    what: `${what} names the ${key} "${name}", which rules/schemas/ does not hold.`,
    mend: mendUnknown(name, [...known].sort()),
  });
  return undefined;
}
