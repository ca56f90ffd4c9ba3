import { pointerOf } from "../json-writer.js";
import type { JsonRecord, JsonValue } from "../labelled-case.js";
import type { Rng } from "../random.js";
import { type DestinationKind, type Draft, FINGERPRINT, headerPlace, HOSTS, type Place, place, pythonTime } from "./draft.js";
import { KINDS } from "./event-hub.js";

export const SEGMENT: DestinationKind = {
  name: "segment",
  places: [
    inItem("description", undefined, "text", ["properties"], (at, _key, value) => set(at, "description", value)),
    inItem("properties", "open", "member", ["properties"], set),
    inItem("json-string", "open", "json-string", ["properties"], (at, key, value) =>
      set(at, "error_log", JSON.stringify({ [key]: value })),
    ),
    { ...inItem("key", "open", "key", ["context", "traits"], (at, key) => set(at, key, true)), narrow: true },
    identify("open"),
    headerPlace("open", "x-forwarded-note"),
    inItem("properties", "held-back", "member", ["properties", "details"], set),
    inItem("context", "held-back", "text", ["context", "page"], (at, _key, value) => set(at, "title", value)),
    inItem("context", "held-back", "member", ["context", "traits"], set),
    inItem("json-string", "held-back", "json-string", ["properties"], (at, key, value) =>
      set(at, "run_context", JSON.stringify([{ step: 3, [key]: value }])),
    ),
    { ...inItem("key", "held-back", "key", ["properties"], (at, key) => set(at, key, 1)), narrow: true },
    identify("held-back"),
    headerPlace("held-back", "referer", (text) => `https://annot.internal/job/4?q=${encodeURIComponent(text)}`),
  ],
  draft(rng, _split, now) {
    const items = Array.from({ length: rng.int(1, 3) }, () => track(rng, now));
    const draft: Draft = {
      template: "segment/track",
      method: "POST",
      origin: "https://api.segment.io",
      path: "/v1/batch",
      query: [],
      headers: [
        ["User-Agent", "python-requests/2.34.2"],
        ["Accept-Encoding", "gzip, deflate, br"],
        ["Accept", "*/*"],
        ["Connection", "keep-alive"],
        ["content-type", "application/json"],
        ["Authorization", "Basic d2tfbGl2ZV8wMTIzNDU2Nzg5Og=="],
      ],
      style: "python",
      json: { batch: items, sentAt: pythonTime(rng, now) },
      lines: [],
    };
    return draft;
  },
};

function track(rng: Rng, now: number): JsonRecord {
  const system = rng.chance(0.2);
  const kind = system ? "system_startup" : rng.pick(KINDS);
  const library = { name: "analytics-python", version: "1.2.9" };
  const hostOs = rng.pick(HOSTS);
  const startup = {
    description: "Diffgram System startup for default_service service",
    host_os: hostOs,
    diffgram_version: "1.17.5",
    service_name: "default_service",
    storage_backend: "aws",
    created_at: pythonTime(rng, now).slice(0, 19),
    install_fingerprint: FINGERPRINT,
  };
  return {
    integrations: {},
    anonymousId: null,
    properties: system ? startup : { description: null, success: true, run_time: null, project_id: rng.int(1, 900) },
    timestamp: pythonTime(rng, now),
    context: system
      ? { os: hostOs, app: { name: "default_service", version: "1.17.5", build: "1.17.5" }, library }
      : { traits: { [kind]: true }, library },
    userId: system ? FINGERPRINT : String(rng.int(1, 400)),
    type: "track",
    event: kind,
    messageId: rng.uuid(),
  };
}

function firstItem(draft: Draft): JsonRecord {
  const batch = draft.json?.["batch"];
  const item = Array.isArray(batch) ? batch[0] : undefined;
  if (typeof item !== "object" || item === null || Array.isArray(item)) throw new TypeError("a Segment draft has items");
  return item;
}

function inItem(
  name: string,
  split: Place["split"],
  takes: Place["takes"],
  path: readonly string[],
  put: (at: JsonRecord, key: string, value: JsonValue) => string,
): Place {
  const planted = place(name, split, takes, (draft, key, value) => {
    let at = firstItem(draft);
    for (const segment of path) {
      const next = at[segment];
      const inner: JsonRecord = typeof next === "object" && next !== null && !Array.isArray(next) ? next : {};
      at[segment] = inner;
      at = inner;
    }
    return pointerOf("batch", 0, ...path, put(at, key, value));
  });
  // Elsewhere the schema knows each member, so that even harmless text is no clean event.
  return name === "description" ? planted : { ...planted, labelsOnly: true };
}

/** Turns the item into an `identify` call with the value among its traits. */
function identify(split: "open" | "held-back"): Place {
  const inner = inItem("traits", split, "member", ["traits"], set);
  return {
    ...inner,
    put(draft, key, value) {
      const item = firstItem(draft);
      item["type"] = "identify";
      delete item["event"];
      // A real `identify` has no properties; they stay only where a value was planted among them.
      const properties = item["properties"];
      const base = (key: string, value: JsonValue): boolean => ["success", "run_time", "project_id"].includes(key) || value === null;
      if (isRecord(properties) && Object.entries(properties).every(([key, value]) => base(key, value))) delete item["properties"];
      return inner.put(draft, key, value);
    },
  };
}

function isRecord(value: JsonValue | undefined): value is JsonRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function set(at: JsonRecord, key: string, value: JsonValue): string {
  const free = Object.hasOwn(at, key) && key !== "description" ? `${key}_2` : key;
  at[free] = value;
  return free;
}
