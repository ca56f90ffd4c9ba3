import type { Place } from "./finding.js";
import type { CallRecord } from "./python/engine.js";
import type { Context, Flow } from "./python/flow.js";

import { constTexts, joinText, UNKNOWN, union, type Value, type FunctionInfo } from "./python/value.js";

/** A call that sends over the network, seen from one chain of callers. */
export interface Sending {
  readonly client: string;
  readonly url: Value;
  /** What goes into the body or query, where the call names it. */
  readonly payload: Value | undefined;
  readonly place: Place;
  /** Where the call itself stands; `place` is the caller that decides where it goes. */
  readonly record: CallRecord;
}

const VERBS = "(?:get|post|put|patch|delete|head|options)";
const CLIENT = String.raw`(?:requests(?:\.sessions)?\.[sS]ession\(\)|requests|httpx\.(?:Async)?Client\(\)|httpx|aiohttp\.ClientSession\(\)|aiohttp|requests\.api|urllib3\.PoolManager\(\)|urllib3)`;
const BY_VERB = new RegExp(`^${CLIENT}\\.${VERBS}$`);
const BY_METHOD = new RegExp(`^${CLIENT}\\.(?:request|stream)$`);
const BY_OPENING = /^(?:urllib\.request\.(?:urlopen|urlretrieve|Request)|urllib2\.urlopen|six\.moves\.urllib\.request\.urlopen)$/;
const BY_HOST = /^http\.client\.HTTPS?Connection$/;

/** Which argument of a call holds the URL; undefined: no call that sends. */
function urlPosition(name: string): number | "host" | undefined {
  if (BY_VERB.test(name) || BY_OPENING.test(name)) return 0;
  if (BY_METHOD.test(name)) return 1;
  return BY_HOST.test(name) ? "host" : undefined;
}

/** Every call of an HTTP client, once for each chain of callers that gives it another address. */
export function findSendings(flow: Flow): Sending[] {
  const out: Sending[] = [];
  for (const record of flow.evaluator.calls) {
    if (record.callee.k === "function" || record.callee.k === "class") continue;
    const client = flow.externalNames(record.callee, record.fn).find((name) => urlPosition(name) !== undefined);
    if (client === undefined) continue;
    const position = urlPosition(client);
    const positional = record.args.filter((arg) => arg.name === undefined).map((arg) => arg.value);
    const named = (names: readonly string[]): Value | undefined =>
      record.args.find((arg) => arg.name !== undefined && names.includes(arg.name))?.value;
    const first = typeof position === "number" ? positional[position] : positional[0];
    const spread = record.args.find((arg) => arg.name === "**")?.value;
    let url =
      first ??
      named(["url", "fullurl", "host"]) ??
      (spread === undefined ? undefined : flow.evaluator.heap.item(spread, { k: "const", value: "url" })) ??
      UNKNOWN;
    if (position === "host") url = { k: "text", parts: ["https://", url] };
    const afterUrl = typeof position === "number" ? positional[position + 1] : undefined;
    const payload =
      named(["json", "data", "content", "params", "body", "files"]) ??
      afterUrl ??
      (spread === undefined ? undefined : flow.evaluator.heap.item(spread, { k: "const", value: "json" }));
    const values = new Map<string, Value>([["url", url]]);
    if (payload !== undefined) values.set("payload", payload);
    // A request object that is opened later was counted where it was made.
    if (url.k === "result" && flow.externalNames(url, record.fn).some((name) => BY_OPENING.test(name.replace(/\(\)$/, "")))) continue;
    const contexts = urlContexts(flow, record.fn, values);
    for (const context of contexts) {
      out.push({
        client,
        url: addressOf(flow, context.values.get("url") ?? UNKNOWN),
        payload: context.values.get("payload"),
        place: context.chain.at(-1)?.place ?? record.place,
        record,
      });
    }
  }
  return out;
}

/** An address with its beginning told: `self.host + path` by what `self.host` was assigned. */
function addressOf(flow: Flow, url: Value): Value {
  const told = (value: Value): Value => {
    const known = flow.expand(value).filter((one) => one.k === "text" || one.k === "const" || one.k === "env");
    return known.length === 0 ? value : union(known);
  };
  const alternatives = told(url);
  const begun = (alternatives.k === "union" ? alternatives.of : [alternatives]).flatMap((one) => {
    const first = one.k === "text" ? one.parts[0] : undefined;
    if (one.k !== "text" || first === undefined || typeof first === "string") return [one];
    const starts = told(first);
    return (starts.k === "union" ? starts.of : [starts]).map((start) => joinText([start, ...one.parts.slice(1)]));
  });
  return union(begun);
}

/** Climbs only where the address depends on the caller; the payload is then resolved as that caller sees it. */
function urlContexts(flow: Flow, fn: FunctionInfo | undefined, values: ReadonlyMap<string, Value>): readonly Context[] {
  const url = values.get("url") ?? UNKNOWN;
  const forUrl = flow.contexts(fn, new Map([["url", url]]));
  const climbs = forUrl.some((context) => context.chain.length > 0);
  if (!climbs) return [{ values, chain: [] }];
  return flow.contexts(fn, values);
}

/** A call of Segment's client. */
export interface SegmentCall {
  readonly method: "track" | "identify" | "page" | "screen" | "group" | "alias";
  readonly user: Value | undefined;
  readonly event: Value | undefined;
  /** `properties` of a track, `traits` of an identify. */
  readonly members: Value | undefined;
  readonly context: Value | undefined;
  readonly place: Place;
  readonly record: CallRecord;
}

const SEGMENT = /^(?:segment\.)?analytics(?:\.client)?(?:\.Client\(\))?\.(track|identify|page|screen|group|alias)$/;
/** Positions of the client's parameters (analytics-python 1.x and segment-analytics-python 2.x). */
const POSITIONS: Readonly<Record<string, readonly string[]>> = {
  track: ["user_id", "event", "properties", "context"],
  identify: ["user_id", "traits", "context"],
  group: ["user_id", "group_id", "traits", "context"],
  page: ["user_id", "category", "name", "properties", "context"],
  screen: ["user_id", "category", "name", "properties", "context"],
  alias: ["previous_id", "user_id", "context"],
};

export function findSegmentCalls(flow: Flow): SegmentCall[] {
  const out: SegmentCall[] = [];
  for (const record of flow.evaluator.calls) {
    if (record.callee.k === "function" || record.callee.k === "class") continue;
    const name = flow
      .externalNames(record.callee, record.fn)
      .map((one) => SEGMENT.exec(one)?.[1])
      .find((one) => one !== undefined);
    const method = SEGMENT_METHODS.find((one) => one === name);
    if (method === undefined) continue;
    const positions = POSITIONS[method] ?? [];
    const positional = record.args.filter((arg) => arg.name === undefined).map((arg) => arg.value);
    const spread = record.args.find((arg) => arg.name === "**")?.value;
    const argument = (wanted: string): Value | undefined => {
      const index = positions.indexOf(wanted);
      const own = record.args.find((arg) => arg.name === wanted)?.value ?? (index >= 0 ? positional[index] : undefined);
      if (own !== undefined || spread === undefined) return own;
      const poured = flow.evaluator.heap.item(spread, { k: "const", value: wanted });
      return poured.k === "unknown" ? undefined : poured;
    };
    out.push({
      method,
      user: argument("user_id"),
      event: argument("event"),
      members: argument(method === "identify" || method === "group" ? "traits" : "properties"),
      context: argument("context"),
      place: record.place,
      record,
    });
  }
  return out;
}

const SEGMENT_METHODS = ["track", "identify", "page", "screen", "group", "alias"] as const;

/** Routes that a web framework registers: decorators that are called with a path. */
export interface FoundRoute {
  readonly path: string;
  readonly methods: readonly string[];
  readonly fn: FunctionInfo;
  readonly decorators: readonly DecoratorCall[];
}

export interface DecoratorCall {
  readonly callee: Value;
  readonly args: readonly { readonly name: string | undefined; readonly value: Value }[];
}

export function findRoutes(flow: Flow): FoundRoute[] {
  const out: FoundRoute[] = [];
  for (const fn of flow.evaluator.functions) {
    if (fn.node.decorators.length === 0) continue;
    const frame = { module: fn.module, fn: undefined, cls: undefined, locals: fn.module.globals, outer: fn.outer, unsure: 0, results: [] };
    const decorators = fn.node.decorators.flatMap((expr): DecoratorCall[] => {
      if (expr.k !== "call") return [];
      const args = expr.args.map((arg) => ({ name: arg.name, value: flow.evaluator.eval(arg.value, frame) }));
      return [{ callee: flow.evaluator.eval(expr.callee, frame), args }];
    });
    for (const { args, callee } of decorators) {
      const isRoute =
        callee.k === "part" || callee.k === "external"
          ? /(?:^|\.)(?:route|get|post|put|patch|delete)$/.test(callee.k === "part" ? callee.name : callee.name)
          : false;
      if (!isRoute) continue;
      const paths = constTexts(args.find((arg) => arg.name === undefined || arg.name === "rule")?.value).filter((path) =>
        path.startsWith("/"),
      );
      const listed = args.find((arg) => arg.name === "methods")?.value;
      const methods = listed?.k === "list" ? listed.items.flatMap((item) => constTexts(item)) : [];
      for (const path of paths) out.push({ path, methods: methods.length > 0 ? methods : ["GET"], fn, decorators });
    }
  }
  return out;
}
