import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { FaultsError, type Fault } from "../model/fault.js";

/** What the audit needs to know of a policy: names, not judgements. */
export interface PolicyView {
  /** Host to the place that names it first. */
  readonly hosts: ReadonlyMap<string, string>;
  readonly fields: ReadonlySet<string>;
  readonly kinds: Names;
  /** `page_name` and `object_type` of a visit. */
  readonly visits: Readonly<Record<"page_name" | "object_type", Names>>;
  readonly properties: ReadonlySet<string>;
  readonly traits: ReadonlySet<string>;
  /** Paths that the support case names; empty where its routes are not listed in the policy. */
  readonly routes: ReadonlySet<string>;
}

/** Words that a schema names, and patterns for the rest. */
export interface Names {
  readonly words: ReadonlySet<string>;
  readonly patterns: readonly string[];
}

type Tree = null | boolean | number | string | readonly Tree[] | { readonly [key: string]: Tree };

/**
 * Reads `policy.yaml` and `schemas/*.yaml` of a rules folder leniently: unknown keys are passed by, since `egress-proxy check` judges them.
 * Throws a FaultsError where a file is missing or is no YAML.
 */
export async function readPolicyView(folder: string): Promise<PolicyView> {
  const faults: Fault[] = [];
  const read = async (path: string): Promise<Tree> => {
    try {
      return toTree(parse(await readFile(path, "utf8"), { maxAliasCount: 100 }));
    } catch (error) {
      faults.push({
        what: error instanceof Error ? `${error.message.split("\n")[0] ?? ""}.` : "It can't be read.",
        where: path,
        mend: "Give a folder that holds policy.yaml and schemas/.",
      });
      return null;
    }
  };
  const policy = await read(join(folder, "policy.yaml"));
  const schemas = new Map<string, Tree>();
  const names = await readdir(join(folder, "schemas")).catch(() => [] as string[]);
  for (const name of names) if (/\.ya?ml$/.test(name)) schemas.set(name.replace(/\.ya?ml$/, ""), await read(join(folder, "schemas", name)));
  if (faults.length > 0) throw new FaultsError("The policy can't be read.", faults);
  return viewOf(policy, schemas);
}

export function viewOf(policy: Tree, schemas: ReadonlyMap<string, Tree>): PolicyView {
  const hosts = new Map<string, string>();
  const routes = new Set<string>();
  const cases = at(policy, "cases");
  const groups: [string, Tree][] = isMap(cases) ? Object.entries(cases).map(([name, value]) => [name, at(value, "destinations")]) : [];
  groups.push(["operator", at(policy, "destinations")]);
  for (const [name, destinations] of groups) {
    for (const destination of isList(destinations) ? destinations : []) {
      const host = at(destination, "host");
      if (typeof host === "string" && !hosts.has(host.toLowerCase())) hosts.set(host.toLowerCase(), `cases.${name}`);
    }
  }
  collectRoutes(at(cases, "support"), routes);
  const hub = schemaNodes(schemas, "event-hub");
  const segment = schemaNodes(schemas, "segment-batch");
  const namesOf = (field: string): Names =>
    merge(hub.filter((node) => node.name === field && node.under.length === 1).map((node) => node.names));
  return {
    hosts,
    routes,
    fields: new Set(hub.filter((node) => node.under.length === 1).map((node) => node.name)),
    kinds: namesOf("kind"),
    visits: { page_name: namesOf("page_name"), object_type: namesOf("object_type") },
    properties: new Set(segment.filter((node) => node.under.at(-2) === "properties").map((node) => node.name)),
    traits: new Set(segment.filter((node) => node.under.at(-2) === "traits" && node.under.at(-3) !== "context").map((node) => node.name)),
  };
}

interface SchemaNode {
  readonly name: string;
  /** Names of the properties around it and its own, outermost first. */
  readonly under: readonly string[];
  readonly names: Names;
}

/** Every property of a schema with the properties around it, through `$ref`, `anyOf`, `items` and `x-discriminator`. */
function schemaNodes(schemas: ReadonlyMap<string, Tree>, schema: string): SchemaNode[] {
  const out: SchemaNode[] = [];
  const walk = (node: Tree, file: string, under: readonly string[], seen: readonly string[]): Names[] => {
    if (!isMap(node) || under.length > 8 || seen.length > 24) return [];
    const found: Names[] = [];
    const reference = at(node, "$ref");
    if (typeof reference === "string" && !seen.includes(`${file} ${reference}`)) {
      const [other = "", pointer = ""] = reference.split("#");
      const target = other === "" ? file : other.replace(/\.ya?ml$/, "");
      found.push(...walk(resolve(schemas.get(target) ?? null, pointer), target, under, [...seen, `${file} ${reference}`]));
    }
    const words = [at(node, "enum"), at(node, "const")]
      .flatMap((held) => (isList(held) ? held : [held]))
      .filter((held) => typeof held === "string");
    const pattern = at(node, "pattern");
    found.push({ words: new Set(words), patterns: typeof pattern === "string" ? [pattern] : [] });
    for (const key of ["anyOf", "oneOf", "allOf"]) {
      const list = at(node, key);
      for (const one of isList(list) ? list : []) found.push(...walk(one, file, under, seen));
    }
    for (const one of [at(node, "items"), at(node, "additionalProperties")]) found.push(...walk(one, file, under, seen));
    const mapping = at(at(node, "x-discriminator"), "mapping");
    if (isMap(mapping)) for (const one of Object.values(mapping)) found.push(...walk(one, file, under, seen));
    const properties = at(node, "properties");
    if (isMap(properties)) {
      for (const [name, value] of Object.entries(properties)) {
        const path = [...under, name];
        out.push({ name, under: path, names: merge(walk(value, file, path, seen)) });
      }
    }
    return found;
  };
  walk(schemas.get(schema) ?? null, schema, [], []);
  return out;
}

function merge(all: readonly Names[]): Names {
  return { words: new Set(all.flatMap((names) => [...names.words])), patterns: all.flatMap((names) => names.patterns) };
}

function collectRoutes(node: Tree, into: Set<string>): void {
  if (isList(node)) for (const one of node) collectRoutes(one, into);
  else if (isMap(node)) {
    for (const [key, value] of Object.entries(node)) {
      if (key === "path" && typeof value === "string") into.add(value);
      else if (key === "paths" && isList(value)) for (const one of value) if (typeof one === "string") into.add(one);
      collectRoutes(value, into);
    }
  }
}

function resolve(node: Tree, pointer: string): Tree {
  let current = node;
  for (const segment of pointer.split("/").slice(1)) current = at(current, segment.replaceAll("~1", "/").replaceAll("~0", "~"));
  return current;
}

function at(node: Tree | undefined, key: string): Tree {
  return isMap(node) ? (node[key] ?? null) : null;
}

function isMap(node: Tree | undefined): node is { readonly [key: string]: Tree } {
  return typeof node === "object" && node !== null && !Array.isArray(node);
}

function isList(node: Tree | undefined): node is readonly Tree[] {
  return Array.isArray(node);
}

/** YAML as plain data; what JSON has no word for becomes text. */
function toTree(value: unknown): Tree {
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(toTree);
  if (typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, toTree(held)]));
  return typeof value === "bigint" ? value.toString() : null;
}
