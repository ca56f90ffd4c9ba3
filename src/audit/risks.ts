import type { Observation } from "./finding.js";
import type { EventSite, EventWorld, SegmentPayload } from "./events.js";
import { isRequest } from "./python/binding.js";
import { chainOf, describe, lastName } from "./python/describe.js";
import type { Flow, Leaf } from "./python/flow.js";
import type { Value } from "./python/value.js";

/** What a value gives away. The id is the report's `name` of a `udt-risk`. */
export interface Risk {
  readonly id: string;
  readonly what: string;
}

const PERSON = new Set([
  "email",
  "emails",
  "email_address",
  "user_email",
  "member_email",
  "to_email",
  "reply_to",
  "first_name",
  "last_name",
  "full_name",
  "username",
  "user_name",
  "phone",
  "phone_number",
  "city",
  "company",
  "company_name",
  "how_hear_about_us",
  "signup_role",
  "signup_demo",
  "street",
  "address",
  "postal_code",
  "zip_code",
  "ip_address",
  "remote_addr",
  "profile_image_url",
  "bio",
]);
const OBJECT_PATH = new Set([
  "path",
  "file_path",
  "file_name",
  "filename",
  "original_filename",
  "bucket",
  "bucket_name",
  "container_name",
  "blob_name",
  "blob_path",
  "object_key",
  "Key",
  "key",
  "prefix",
  "url_signed",
  "url_signed_blob_path",
  "url_signed_thumb",
  "url_public",
  "media_url",
  "raw_data_blob_path",
  "signed_url",
]);
const ANNOTATION = /(?:^|_)(?:instance_list|instance_buffer_dict|annotation_list|annotations|instances)(?:_|$)/;
const ANNOTATION_COUNTS = /_ids?$|_count$|^count_|_hash$|_id_list$/;
const STORAGE = /(?:^|_)(?:blobs?|buckets?|objects?|obj|contents?|files?|containers?)(?:$|_)/;

/** What a leaf is, by the names along the way from where it comes from. */
export function riskOfLeaf(leaf: Leaf, flow: Flow): Risk | undefined {
  const { value } = leaf;
  if (value.k === "const" || value.k === "unknown" || value.k === "env") return undefined;
  const name = lastName(value);
  const chain = chainOf(value);
  const shown = describe(value);
  const key = leaf.keys.at(-1) ?? "";
  if (isAnnotation(name) || isAnnotation(key)) return { id: "annotation/instance-list", what: `annotation instances (${shown})` };
  if (PERSON.has(name) || (name === "name" && chain.some((part) => /^(?:user|member|owner|annotator|assignee)$/.test(part)))) {
    return {
      id: name.includes("email") || name === "reply_to" ? "pii/email" : "pii/person",
      what: `a person's ${name.replaceAll("_", " ")} (${shown})`,
    };
  }
  if (value.k === "part" && (OBJECT_PATH.has(name) || (name === "name" && chain.slice(0, -1).some((part) => STORAGE.test(part))))) {
    return { id: "blob/object-path", what: `an object path or file name (${shown})` };
  }
  const ofProject = name === "name" && chain.slice(0, -1).some((part) => /^(?:project|Project)$/.test(part));
  if (ofProject || name === "project_string_id" || key === "project_string_id")
    return { id: "pii/project-name", what: `the project's name as people chose it (${shown})` };
  const asked = flow.evaluator.heap.asked(value);
  if (["path", "bucket_name", "file_name"].some((wanted) => asked.has(wanted))) {
    return { id: "blob/connector-options", what: `the connector's options with ${[...asked].sort().slice(0, 8).join(", ")} (${shown})` };
  }
  if (value.k === "result" && chain.join(".").endsWith("traceback.format_exc"))
    return { id: "free-text/stack-trace", what: "a stack trace, whose text nobody bounds" };
  return undefined;
}

function isAnnotation(name: string): boolean {
  return ANNOTATION.test(name) && !ANNOTATION_COUNTS.test(name);
}

/** Whether the value is what a web client sends. */
function isFromRequest(value: Value, depth = 0): boolean {
  if (depth > 10) return false;
  switch (value.k) {
    case "part":
    case "element":
      return isRequest(value) || isFromRequest(value.of, depth + 1);
    case "result":
      return (
        value.args.some((arg) => isRequest(arg.value)) ||
        isFromRequest(value.callee, depth + 1) ||
        value.args.some((arg) => isFromRequest(arg.value, depth + 1))
      );
    default:
      return isRequest(value);
  }
}

/** Names that the vendor's analysts read as the event's identity. */
const NAMING_FIELDS = new Set(["kind", "object_type", "page_name", "event"]);

export function eventRisks(world: EventWorld, flow: Flow): Observation[] {
  const out: Observation[] = [];
  const seen = new Set<string>();
  for (const site of world.sites) {
    for (const values of [site.values, ...site.resolved]) {
      for (const [field, value] of values) {
        const destinations = destinationsOf(site, field);
        if (destinations.length === 0) continue;
        for (const risk of fieldRisks(field, value, flow)) {
          const key = `${risk.id} ${field} ${site.place.file}:${site.place.line}`;
          if (seen.has(key)) continue;
          seen.add(key);
          out.push({
            kind: "udt-risk",
            ...site.place,
            name: risk.id,
            detail: `${capital(risk.what)} leaves in ${field} of event ${kindsOf(site).join(", ")} to ${destinations.join(" and ")}.`,
          });
        }
      }
    }
  }
  return out;
}

function fieldRisks(field: string, value: Value, flow: Flow): Risk[] {
  const out: Risk[] = [];
  for (const leaf of flow.leaves(value)) {
    const risk = riskOfLeaf(leaf, flow);
    if (risk !== undefined) out.push(risk);
    if (NAMING_FIELDS.has(field) && isFromRequest(leaf.value))
      out.push({ id: "schema/user-chosen-name", what: `a name that whoever calls the route chooses (${describe(leaf.value)})` });
    const key = leaf.keys.at(-1) ?? lastName(leaf.value);
    if (field === "description" && leaf.keys.length > 0 && !leaf.inText && leaf.value.k !== "const" && risk === undefined)
      out.push({ id: "free-text/whole-mapping", what: `a whole mapping turned into text, whatever it holds (${leaf.keys.join(".")})` });
    const isReport = field === "report_data" || field === "report_template_data";
    if (isReport && (key === "labels" || flow.evaluator.heap.asked(leaf.value).has("labels"))) {
      out.push({
        id: "annotation/label-names",
        what: `names of the report's groups, which are label names or people${leaf.value.k === "const" ? "" : ` (${describe(leaf.value)})`}`,
      });
    }
    if (isReport && key === "name" && leaf.value.k !== "const")
      out.push({ id: "annotation/report-name", what: `the report's name as people chose it (${describe(leaf.value)})` });
  }
  return out;
}

/** Each property or trait of Segment that gives something away, and mappings that are poured in whole. */
export function segmentRisks(segments: readonly SegmentPayload[], flow: Flow): Observation[] {
  const out: Observation[] = [];
  for (const { call, entries, rest, context } of segments) {
    const bag = call.method === "identify" || call.method === "group" ? "traits" : "properties";
    for (const [name, entry] of entries) {
      const risks = flow.leaves(entry.value).flatMap((leaf) => riskOfLeaf({ ...leaf, keys: [name, ...leaf.keys] }, flow) ?? []);
      const person =
        PERSON.has(name) && entry.value.k !== "const"
          ? {
              id: name === "email" ? "pii/email" : "pii/person",
              what: `a person's ${name.replaceAll("_", " ")} (${describe(entry.value)})`,
            }
          : undefined;
      const risk = person ?? risks[0];
      if (risk !== undefined)
        out.push({
          kind: "udt-risk",
          ...entry.place,
          name: risk.id,
          detail: `${capital(risk.what)} leaves in ${bag}.${name} of Segment ${call.method} to api.segment.io.`,
        });
    }
    for (const poured of rest) {
      out.push({
        kind: "udt-risk",
        ...call.place,
        name: "schema/poured-in",
        detail: `All of ${describe(poured)} is poured into ${bag} of Segment ${call.method} to api.segment.io, whatever it holds.`,
      });
    }
    for (const [name, entry] of context) {
      if (name.endsWith("*"))
        out.push({
          kind: "udt-risk",
          ...entry.place,
          name: "schema/open-key",
          detail: `A key of context.${name.slice(0, -2)} is ${describe(entry.value)}, so a name chosen elsewhere becomes a key at api.segment.io.`,
        });
    }
  }
  return out;
}

/** Where a field of an event goes. */
export function destinationsOf(site: EventSite, field: string): string[] {
  const { model } = site;
  const out: string[] = [];
  const inHub = [...model.fields].some(([name, entry]) => name === field || (entry.value.k === "part" && entry.value.name === field));
  if (inHub) out.push(`the event hub (${[...model.hubs].join(", ")})`);
  const members = model.segment.get(field);
  if (members !== undefined) out.push(`Segment (${[...members].sort().join(", ")} at api.segment.io)`);
  return out;
}

/** Every kind that a place gives an event, constants and templates. */
export function kindsOf(site: EventSite): string[] {
  const out = new Set<string>();
  const add = (value: Value | undefined): void => {
    if (value === undefined || value.k === "unknown" || (value.k === "const" && value.value === null)) return;
    if (value.k === "union") value.of.forEach(add);
    else if (value.k === "const") out.add(String(value.value));
    else if (value.k === "text")
      out.add(value.parts.map((part) => (typeof part === "string" ? part : `{${lastName(part) || describe(part)}}`)).join(""));
    else out.add(`{${describe(value)}}`);
  };
  for (const values of site.resolved.length > 0 ? site.resolved : [site.values]) add(values.get("kind"));
  if (out.size === 0) add(site.values.get("kind"));
  return out.size === 0 ? ["(no kind)"] : [...out].sort();
}

function capital(value: string): string {
  return value.charAt(0).toUpperCase() + value.slice(1);
}
