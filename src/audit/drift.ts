import type { Observation } from "./finding.js";
import type { PolicyView } from "./policy-view.js";

/** Members that a sender or the receiver adds, and no class of the checkout names. */
const ADDED_IN_FLIGHT = new Set(["event_type"]);
const SEGMENT_HOST = "api.segment.io";
/** Where Google's tag sends to, by the browser's region; no source names them. */
const BEACON_HOSTS = ["www.google-analytics.com", "region1.google-analytics.com"];

/**
 * Where the source and the policy say different things, both ways. What only the policy names stands at `rules`; what only the source names
 * stands where the source says it.
 */
export function driftOf(found: readonly Observation[], policy: PolicyView, rules: string): Observation[] {
  const out: Observation[] = [];
  const seen = new Set<string>();
  const add = (name: string, place: { readonly file: string; readonly line: number }, detail: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    out.push({ kind: "drift", file: place.file, line: place.line, name, detail });
  };
  const inPolicy = { file: `${rules}/policy.yaml`, line: 1 };
  const hubSchema = { file: `${rules}/schemas/event-hub.yaml`, line: 1 };
  const segmentSchema = { file: `${rules}/schemas/segment-batch.yaml`, line: 1 };
  const of = (kind: Observation["kind"]): Observation[] => found.filter((one) => one.kind === kind);

  const fields = of("event-field");
  for (const one of fields) {
    if (!policy.fields.has(one.name))
      add(
        `field:${one.name}`,
        one,
        `The source sends ${one.name} to the event hub, and no schema of the policy names it: it would be refused.`,
      );
  }
  const sourceFields = new Set(fields.map((one) => one.name));
  if (fields.length > 0) {
    for (const name of policy.fields) {
      if (!sourceFields.has(name) && !ADDED_IN_FLIGHT.has(name))
        add(`field:${name}`, hubSchema, `The policy lets ${name} go to the event hub, and the source does not send it.`);
    }
  }

  const kinds = of("event-call").filter((one) => !one.name.startsWith("("));
  const patterns = policy.kinds.patterns.map((pattern) => new RegExp(`^(?:${pattern.replaceAll("(?i:", "(?:")})$`, "i"));
  for (const one of kinds) {
    if (one.name.includes("{")) {
      const prefix = one.name.slice(0, one.name.indexOf("{"));
      if (prefix !== "" && !policy.kinds.patterns.some((pattern) => pattern.startsWith(prefix))) {
        add(
          `kind:${one.name}`,
          one,
          `The source makes events whose kind is put together as ${one.name}, and no pattern of the policy's kinds begins so.`,
        );
      }
    } else if (!policy.kinds.words.has(one.name) && !patterns.some((pattern) => pattern.test(one.name))) {
      add(
        `kind:${one.name}`,
        one,
        `The source makes events of kind ${one.name}, and the policy's kinds do not hold it: they would be refused.`,
      );
    }
  }
  const sourceKinds = new Set(kinds.map((one) => one.name));
  if (kinds.length > 0)
    for (const word of policy.kinds.words)
      if (!sourceKinds.has(word)) add(`kind:${word}`, hubSchema, `The policy names events of kind ${word}, and the source makes none.`);

  for (const one of of("page-visit")) {
    const [member = "", word = ""] = one.name.split(":");
    if ((member === "page_name" || member === "object_type") && !policy.visits[member].words.has(word))
      add(one.name, one, `The front end tells of visits with ${member} ${word}, and the policy does not hold it: they would be refused.`);
  }

  for (const [kind, names, bag] of [
    ["segment-track", policy.properties, "properties"],
    ["segment-identify", policy.traits, "traits"],
  ] as const) {
    const calls = of(kind).filter((one) => !one.name.startsWith("context.") && !one.name.startsWith("("));
    for (const one of calls)
      if (one.name !== "*" && !names.has(one.name))
        add(
          `${bag}:${one.name}`,
          one,
          `The source sends ${bag}.${one.name} to Segment, and no schema of the policy names it: it would be refused.`,
        );
    const source = new Set(calls.map((one) => one.name));
    if (calls.length > 0 && !source.has("*"))
      for (const name of names)
        if (!source.has(name))
          add(`${bag}:${name}`, segmentSchema, `The policy lets ${bag}.${name} go to Segment, and the source does not send it.`);
  }

  const sendsToSegment = of("segment-track").length + of("segment-identify").length > 0;
  const hosts = [...of("outbound-call"), ...of("tag-manager"), ...of("front-end-host").filter((one) => !one.detail.includes("in-comment"))];
  for (const one of hosts) {
    if (/^(?:setting:|\()/.test(one.name) || policy.hosts.has(one.name)) continue;
    add(
      `host:${one.name}`,
      one,
      `The source sends to or loads from ${one.name}, and no destination of the policy names it: it is refused.`,
    );
  }
  const sourceHosts = new Set(hosts.map((one) => one.name));
  if (sendsToSegment) sourceHosts.add(SEGMENT_HOST);
  // What a container of the tag manager loads stands in no source; analytics is what it is for.
  if (sourceHosts.has("www.googletagmanager.com")) for (const host of BEACON_HOSTS) sourceHosts.add(host);
  const hasSource = found.some((one) => one.kind !== "agent");
  if (hasSource)
    for (const [host, where] of policy.hosts)
      if (!sourceHosts.has(host))
        add(`host:${host}`, inPolicy, `The policy names ${host} (${where}), and the source that was read does not.`);

  for (const one of of("support-route")) {
    const path = one.name.slice(one.name.indexOf(" ") + 1);
    if (policy.routes.size > 0 && !policy.routes.has(path))
      add(`route:${path}`, one, `The source opens ${one.name} to the vendor's support, and the policy does not name that path.`);
  }
  return out;
}
