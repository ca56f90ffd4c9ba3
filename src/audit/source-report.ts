import type { CheckoutFile } from "./checkout.js";
import type { Observation, SkippedFile } from "./finding.js";
import { hostsOf, normalRoute, readSettings } from "./hosts.js";
import { hostLabel, readEvents, type EventSite, type EventWorld } from "./events.js";
import { describe } from "./python/describe.js";
import { Evaluator } from "./python/evaluator.js";
import { Flow } from "./python/flow.js";
import { placeOf, Program } from "./python/program.js";
import type { Value } from "./python/value.js";
import { destinationsOf, eventRisks, kindsOf, segmentRisks } from "./risks.js";
import { findRoutes, findSegmentCalls, findSendings, type FoundRoute, type Sending } from "./sinks.js";
import { typeWord } from "./python/declarations.js";

export interface PythonReport {
  readonly observations: readonly Observation[];
  readonly broken: readonly SkippedFile[];
  readonly world: EventWorld;
  readonly flow: Flow;
}

/** Fields of an event whose text or structure nobody bounds; what flows into them is told for each call. */
const OPEN_FIELDS = ["description", "error_log", "report_data", "report_template_data", "extra_metadata"] as const;

/** Everything that the Python of a checkout says. */
export function readPython(files: readonly CheckoutFile[]): PythonReport {
  const program = new Program(files);
  const evaluator = new Evaluator(program);
  evaluator.run();
  const flow = new Flow(evaluator);
  const settings = new Map<string, string>();
  for (const file of files) if (file.kind === "compose" || file.kind === "environment") readSettings(file.text, settings);
  const routes = findRoutes(flow);
  const paths = new Set(routes.map((route) => normalRoute(route.path)));
  const sendings = findSendings(flow);
  const world = readEvents(flow, sendings, findSegmentCalls(flow), settings, paths);
  const observations = [
    ...fieldObservations(world),
    ...world.sites.flatMap((site) => siteObservations(site)),
    ...segmentObservations(world),
    ...sendings.flatMap((sending) => sendingObservations(sending, settings, paths)),
    ...supportObservations(routes),
    ...eventRisks(world, flow),
    ...segmentRisks(world.segments, flow),
  ];
  return { observations, broken: program.broken, world, flow };
}

function fieldObservations(world: EventWorld): Observation[] {
  return world.models.flatMap((model) =>
    [...model.fields].map(([name, entry]): Observation => {
      const column = entry.value.k === "part" ? model.cls.columns.get(entry.value.name) : undefined;
      const type = column === undefined ? "" : ` (${typeWord(column.type)})`;
      return {
        kind: "event-field",
        ...entry.place,
        name,
        detail: `${model.cls.name} sends ${name}${type} = ${describe(entry.value)} to ${[...model.hubs].join(", ")}.`,
      };
    }),
  );
}

function siteObservations(site: EventSite): Observation[] {
  return kindsOf(site).map((kind) => {
    const flows = OPEN_FIELDS.flatMap((field) => {
      const value = site.values.get(field);
      return value === undefined || isNothing(value) ? [] : [`${field} = ${describe(value)}`];
    });
    const others = [...site.values].filter(
      ([name, value]) =>
        !isNothing(value) && !OPEN_FIELDS.some((open) => open === name) && name !== "kind" && destinationsOf(site, name).length > 0,
    );
    const rest = others.map(([name]) => name).sort();
    const parts = [...flows, ...(rest.length > 0 ? [`also ${rest.join(", ")}`] : [])];
    return {
      kind: "event-call",
      ...site.place,
      name: kind,
      detail: `${site.model.cls.name} ${kind}: ${parts.join("; ") || "no field of its own"}.`,
    };
  });
}

function isNothing(value: Value): boolean {
  return value.k === "unknown" || (value.k === "const" && value.value === null);
}

function segmentObservations(world: EventWorld): Observation[] {
  return world.segments.flatMap(({ call, entries, rest, context, event, dynamic }) => {
    const identifies = call.method === "identify" || call.method === "group";
    const kind = identifies ? "segment-identify" : "segment-track";
    const bag = identifies ? "traits" : "properties";
    const what = event === undefined ? call.method : `${call.method} ${describe(event)}`;
    const named = [...entries].map(
      ([name, entry]): Observation => ({
        kind,
        ...entry.place,
        name,
        detail: `Segment ${what}: ${bag}.${name} = ${describe(entry.value)}.`,
      }),
    );
    const poured = rest.map(
      (value): Observation => ({
        kind,
        ...call.place,
        name: "*",
        detail: `Segment ${what}: all of ${describe(value)} is poured into ${bag}.`,
      }),
    );
    const open = dynamic.map(
      (entry): Observation => ({
        kind,
        ...entry.place,
        name: "*",
        detail: `Segment ${what}: ${bag} gets a member whose name is ${describe(entry.key)}.`,
      }),
    );
    const around = [...context].map(
      ([name, entry]): Observation => ({
        kind,
        ...entry.place,
        name: `context.${name}`,
        detail: `Segment ${what}: context.${name} = ${describe(entry.value)}.`,
      }),
    );
    const all = [...named, ...poured, ...open, ...around];
    return all.length > 0
      ? all
      : [
          {
            kind,
            ...call.place,
            name: `(${call.method})`,
            detail: `Segment ${what}, with no ${bag} that the text shows.`,
          } satisfies Observation,
        ];
  });
}

function sendingObservations(sending: Sending, settings: ReadonlyMap<string, string>, paths: ReadonlySet<string>): Observation[] {
  return hostsOf(sending.url, settings, paths).map((guess) => {
    const wrapped =
      sending.place.file === sending.record.place.file && sending.place.line === sending.record.place.line
        ? ""
        : ` through ${sending.record.place.file}:${sending.record.place.line}`;
    const by = `${sending.client.replaceAll("()", "")}${wrapped}`;
    if (guess.kind === "internal") {
      const via = guess.setting === undefined || guess.setting === guess.host ? "" : ` (setting ${guess.setting})`;
      return {
        kind: "internal-call",
        ...sending.place,
        name: guess.host,
        detail: `${by} calls ${guess.host}${via}, inside the installation: ${guess.why}.`,
      };
    }
    const payload = sending.payload === undefined ? "nothing that the text shows" : describe(sending.payload);
    if (guess.kind === "external") {
      const via = guess.setting === undefined ? "" : ` (default of setting ${guess.setting})`;
      return { kind: "outbound-call", ...sending.place, name: guess.host, detail: `${by} sends ${payload} to ${guess.host}${via}.` };
    }
    const name = guess.kind === "setting" ? `setting:${guess.setting}` : "(any)";
    return { kind: "outbound-call", ...sending.place, name, detail: `${by} sends ${payload} to ${hostLabel(guess)}.` };
  });
}

/** Routes that the vendor's support may call: a decorator whose parameter `allow_support` is given and not false. */
function supportObservations(routes: readonly FoundRoute[]): Observation[] {
  return routes.flatMap((route) => {
    const allowed = route.decorators.some(({ callee, args }) => {
      const named = args.find((arg) => arg.name === "allow_support");
      if (named !== undefined) return isTrue(named.value);
      if (callee.k !== "function") return false;
      const index = callee.fn.node.params
        .filter((param) => !(param.name === "self" || param.name === "cls"))
        .findIndex((param) => param.name === "allow_support");
      const positional = args.filter((arg) => arg.name === undefined);
      return index >= 0 && positional[index] !== undefined && isTrue(positional[index].value);
    });
    if (!allowed) return [];
    return route.methods.map(
      (method): Observation => ({
        kind: "support-route",
        ...placeOf(route.fn.module, route.fn.node.at),
        name: `${method} ${route.path}`,
        detail: `Support may call ${method} ${route.path}, answered by ${route.fn.name}.`,
      }),
    );
  });
}

function isTrue(value: Value): boolean {
  return !(value.k === "const" && (value.value === false || value.value === null || value.value === 0));
}
