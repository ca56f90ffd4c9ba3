import type { Place } from "./finding.js";
import { hostsOf, type HostGuess, type SettingValues } from "./hosts.js";
import { bind } from "./python/binding.js";
import { methodOf } from "./python/declarations.js";
import { dependsOn, type Flow } from "./python/flow.js";

import type { SegmentCall, Sending } from "./sinks.js";
import { text, union, type DictEntryValue, type Value, type ClassInfo, type FunctionInfo } from "./python/value.js";

/** A class whose instances are sent to the vendor, and where each of its fields goes. */
export interface EventModel {
  readonly cls: ClassInfo;
  /** Members of the body that goes to the event hub. */
  readonly fields: Map<string, DictEntryValue>;
  /** Hosts, or the settings that name them. */
  readonly hubs: Set<string>;
  /** Segment members that each field of the class ends in; `*` where a whole mapping is poured in. */
  readonly segment: Map<string, Set<string>>;
}

/** One place where an event is made, with what flows into its fields. */
export interface EventSite {
  readonly model: EventModel;
  readonly place: Place;
  readonly fn: FunctionInfo | undefined;
  /** As the place itself writes them. */
  readonly values: ReadonlyMap<string, Value>;
  /** As each of its callers fills them. */
  readonly resolved: readonly ReadonlyMap<string, Value>[];
}

/** What one Segment call holds, all its callers together. */
export interface SegmentPayload {
  readonly call: SegmentCall;
  readonly entries: ReadonlyMap<string, DictEntryValue>;
  readonly rest: readonly Value[];
  readonly dynamic: readonly { readonly key: Value; readonly value: Value; readonly place: Place }[];
  readonly context: ReadonlyMap<string, DictEntryValue>;
  readonly event: Value | undefined;
}

export interface EventWorld {
  readonly models: readonly EventModel[];
  readonly segments: readonly SegmentPayload[];
  readonly sites: readonly EventSite[];
}

/** Serializers that give every column of a class (SQLAlchemy-serializer, Flask-SQLAlchemy idioms). */
const WHOLE_OBJECT = new Set(["to_dict", "as_dict", "asdict", "dict", "model_dump", "to_json", "__dict__"]);

export function readEvents(
  flow: Flow,
  sendings: readonly Sending[],
  calls: readonly SegmentCall[],
  settings: SettingValues,
  routes: ReadonlySet<string>,
): EventWorld {
  const models = new Map<ClassInfo, EventModel>();
  const modelOf = (cls: ClassInfo): EventModel => {
    const known = models.get(cls);
    if (known !== undefined) return known;
    const made: EventModel = { cls, fields: new Map(), hubs: new Set(), segment: new Map() };
    models.set(cls, made);
    return made;
  };
  for (const sending of sendings) {
    if (sending.payload === undefined) continue;
    const guesses = hostsOf(sending.url, settings, routes);
    if (guesses.every((guess) => guess.kind === "internal" || guess.kind === "unknown")) continue;
    const payload = union(
      flow
        .contexts(sending.record.fn, new Map([["payload", sending.payload]]), fewCallers(flow))
        .map((context) => context.values.get("payload")),
    );
    const { entries, rest } = flow.members(payload);
    const classes = new Set([...[...entries.values()].flatMap((entry) => ownersOf(entry.value)), ...rest.flatMap(wholeObjects)]);
    for (const cls of classes) {
      if (!isEvent(cls, entries, rest)) continue;
      const model = modelOf(cls);
      for (const [name, entry] of entries) if (!model.fields.has(name)) model.fields.set(name, entry);
      if (rest.some((one) => wholeObjects(one).includes(cls))) {
        for (const [name, column] of cls.columns) {
          if (!model.fields.has(name))
            model.fields.set(name, { value: { k: "part", of: { k: "object", cls }, name, via: "attribute" }, place: column.place });
        }
      }
      for (const guess of guesses) model.hubs.add(hostLabel(guess));
    }
  }
  const segments = calls.map((call) => readSegment(flow, call));
  for (const segment of segments) {
    const note = (value: Value, member: string): void => {
      for (const leaf of flow.leaves(value)) {
        if (leaf.value.k !== "part" || leaf.value.of.k !== "object") continue;
        const model = modelOf(leaf.value.of.cls);
        const members = model.segment.get(leaf.value.name) ?? new Set<string>();
        members.add(member);
        model.segment.set(leaf.value.name, members);
      }
    };
    const bag = segment.call.method === "identify" || segment.call.method === "group" ? "traits" : "properties";
    for (const [name, entry] of segment.entries) note(entry.value, `${bag}.${name}`);
    for (const poured of segment.rest) note(poured, `${bag}.*`);
    if (segment.event !== undefined) note(segment.event, "event");
    for (const [name, entry] of segment.context) note(entry.value, `context.${name}`);
  }
  const sent = [...models.values()].filter((model) => model.fields.size > 0);
  return { models: [...models.values()], segments, sites: sent.flatMap((model) => sitesOf(flow, model)) };
}

/** Climbing from a popular function would meet the whole product; what it passes on is known from its own text. */
function fewCallers(flow: Flow): (fn: FunctionInfo) => boolean {
  return (fn) => flow.callersOf(fn).length <= 30;
}

function readSegment(flow: Flow, call: SegmentCall): SegmentPayload {
  const values = new Map<string, Value>();
  if (call.members !== undefined) values.set("members", call.members);
  if (call.context !== undefined) values.set("context", call.context);
  if (call.event !== undefined) values.set("event", call.event);
  const contexts = flow.contexts(call.record.fn, values, fewCallers(flow));
  const all = (name: string): Value => union(contexts.map((context) => context.values.get(name)));
  const { entries, rest, dynamic } = flow.members(all("members"));
  const context = new Map<string, DictEntryValue>();
  const flatten = (value: Value, prefix: string, depth: number): void => {
    const inner = flow.members(value);
    for (const [name, entry] of inner.entries) {
      const path = prefix === "" ? name : `${prefix}.${name}`;
      if (depth < 3 && flow.expand(entry.value).some((one) => one.k === "dict")) flatten(entry.value, path, depth + 1);
      else context.set(path, entry);
    }
    for (const entry of inner.dynamic) context.set(`${prefix === "" ? "" : `${prefix}.`}*`, { value: entry.key, place: entry.place });
  };
  if (call.context !== undefined) flatten(all("context"), "", 0);
  return { call, entries, rest, dynamic, context, event: call.event === undefined ? undefined : all("event") };
}

/** Where instances of an event class are made: the first place outside the class that decides what kind of event it is. */
function sitesOf(flow: Flow, model: EventModel): EventSite[] {
  const family = flow.evaluator.heap.family(model.cls);
  const within = (fn: FunctionInfo | undefined): boolean => fn?.cls !== undefined && family.includes(fn.cls);
  const bySite = new Map<string, EventSite & { resolved: ReadonlyMap<string, Value>[] }>();
  for (const maker of flow.makersOf(model.cls)) {
    const fields = fieldValues(flow, model, maker.args);
    const decisive = fields.has("kind") ? "kind" : [...fields.keys()][0];
    const goOn = (fn: FunctionInfo, held: ReadonlyMap<string, Value>): boolean => {
      const value = decisive === undefined ? undefined : held.get(decisive);
      return within(fn) && value !== undefined && dependsOn(value, fn);
    };
    for (const { values, chain } of flow.contexts(maker.fn, fields, goOn)) {
      const last = chain.at(-1) ?? maker;
      const kind = decisive === undefined ? undefined : values.get(decisive);
      // A constructor wrapper that nobody calls makes no events.
      if (within(last.fn) && last.fn !== undefined && kind !== undefined && dependsOn(kind, last.fn)) continue;
      const key = `${last.place.file}:${last.place.line}`;
      const resolved = flow.contexts(last.fn, values).map((context) => context.values);
      const known = bySite.get(key);
      if (known === undefined) bySite.set(key, { model, place: last.place, fn: last.fn, values, resolved: [...resolved] });
      else known.resolved.push(values, ...resolved);
    }
  }
  return [...bySite.values()].sort((a, b) =>
    a.place.file === b.place.file ? a.place.line - b.place.line : a.place.file < b.place.file ? -1 : 1,
  );
}

function fieldValues(
  flow: Flow,
  model: EventModel,
  args: readonly { readonly name: string | undefined; readonly value: Value }[],
): Map<string, Value> {
  const init = methodOf(flow.evaluator, model.cls, "__init__");
  if (init !== undefined) return bind(init, args, flow.evaluator);
  const out = new Map<string, Value>();
  for (const { name, value } of args) {
    if (name !== undefined && name !== "*" && name !== "**") out.set(name, value);
    else if (name === "**") {
      for (const field of new Set([...model.fields.keys(), ...model.cls.columns.keys()])) {
        const poured = flow.evaluator.heap.item(value, text(field));
        if (poured.k !== "unknown") out.set(field, poured);
      }
    }
  }
  return out;
}

/** A table of the product, or a class that most of the body is made of: a client library that posts one of its ids is none. */
function isEvent(cls: ClassInfo, entries: ReadonlyMap<string, DictEntryValue>, rest: readonly Value[]): boolean {
  if (cls.columns.size > 0 || rest.some((one) => wholeObjects(one).includes(cls))) return true;
  const owned = [...entries.values()].filter((entry) => ownersOf(entry.value).includes(cls)).length;
  return owned >= 4 && owned * 2 >= entries.size;
}

/** Classes whose instance a value reads a field of. */
function ownersOf(value: Value): ClassInfo[] {
  if (value.k === "union") return value.of.flatMap(ownersOf);
  if (value.k === "part") return value.of.k === "object" ? [value.of.cls] : ownersOf(value.of);
  if (value.k === "result") return ownersOf(value.callee);
  return [];
}

function wholeObjects(value: Value): ClassInfo[] {
  if (value.k === "union") return value.of.flatMap(wholeObjects);
  const called = value.k === "result" ? value.callee : value;
  return called.k === "part" && called.of.k === "object" && WHOLE_OBJECT.has(called.name) ? [called.of.cls] : [];
}

export function hostLabel(guess: HostGuess): string {
  if (guess.kind === "external" || guess.kind === "internal") return guess.host;
  return guess.kind === "setting" ? `the host of setting ${guess.setting}` : `a host only known at run time (${guess.what})`;
}
