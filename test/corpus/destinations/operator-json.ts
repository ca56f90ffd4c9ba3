import { textOf } from "../json-writer.js";
import type { Split } from "../labelled-case.js";
import { type DestinationKind, headerPlace, jsonStringPlace, keyPlace, memberPlace, type Place, place, textPlace } from "./draft.js";

/** A destination of the operator's own, whose schema leaves all free: what the detectors alone can do. */
export const OPERATOR_JSON: DestinationKind = {
  name: "operator-json",
  places: [
    textPlace("message", "open", [], "message"),
    memberPlace("details", "open", ["details"]),
    jsonStringPlace("open", ["details"], "raw", (key, value) => ({ [key]: value })),
    keyPlace("open", ["index"], 1),
    path("open"),
    query("open", "q"),
    headerPlace("open", "x-note"),
    textPlace("message", "held-back", ["event", "outcome"], "text"),
    memberPlace("details", "held-back", ["event", "data", "fields"]),
    logLines(),
    jsonStringPlace("held-back", [], "envelope", (key, value) => ({ kind: "retry", body: JSON.stringify({ [key]: value }) })),
    keyPlace("held-back", ["event", "seen_by_value"], { n: 1 }),
    path("held-back"),
    query("held-back", "filter"),
    headerPlace("held-back", "x-trace-context"),
  ],
  draft(rng, split) {
    return {
      template: `operator-json/${split === "open" ? "webhook" : "event"}`,
      method: "POST",
      origin: "https://hooks.northfield-imaging.com",
      path: "/v1/ingest",
      query: [],
      headers: [
        ["User-Agent", "python-requests/2.34.2"],
        ["Accept", "*/*"],
        ["Content-Type", "application/json"],
      ],
      style: rng.chance(0.5) ? "python" : "javascript",
      json:
        split === "open"
          ? { service: "walrus", level: rng.pick(["info", "error"]), count: rng.int(0, 900) }
          : { event: { name: "job.update", job_id: rng.int(1, 900) }, attempt: rng.int(1, 5) },
      lines: [],
    };
  },
};

function logLines(): Place {
  return place("message", "held-back", "text", (draft, _key, value) => {
    (draft.json ?? {})["log"] = ["starting", "loaded 12 jobs", value, "done"];
    return "/log/2";
  });
}

function path(split: Split): Place {
  const prefix = split === "open" ? "/v1/ingest/" : "/v1/ingest/items/";
  return {
    ...place("path", split, "text", (draft, _key, value) => {
      draft.path = prefix + encodeURIComponent(textOf(value));
      return "path";
    }),
    narrow: true,
  };
}

function query(split: Split, name: string): Place {
  return place("query", split, "text", (draft, _key, value) => {
    draft.query.push([name, textOf(value)]);
    return `query:${name}`;
  });
}
