import { type JsonStyle, pointerOf, textOf } from "../json-writer.js";
import type { Destination, JsonRecord, JsonValue, Split } from "../labelled-case.js";
import type { Rng } from "../random.js";

/** A clean request while values are being planted in it. */
export interface Draft {
  readonly template: string;
  readonly method: "GET" | "POST";
  readonly origin: string;
  path: string;
  readonly query: [name: string, value: string][];
  readonly headers: [name: string, value: string][];
  readonly style: JsonStyle;
  readonly json: JsonRecord | undefined;
  /** Lines of form-encoded parameters, sent as text/plain. */
  readonly lines: (readonly [name: string, value: string])[][];
  /** A system event: has none of the free-form members, so hard negatives would make it unclean. */
  readonly system?: boolean;
}

/** A place that takes a value: free text, a member of any type, JSON as a string, or text as a key. */
export interface Place {
  readonly name: string;
  readonly split?: Split;
  readonly takes: "text" | "member" | "json-string" | "key";
  /** Only what stands for itself, on one line, in ASCII: headers, keys, path segments. */
  readonly narrow?: boolean;
  /** Not for hard negatives: what stands there is an annotation by definition. */
  readonly labelsOnly?: boolean;
  /** Plants and returns where a finding must point. */
  put(draft: Draft, key: string, value: JsonValue): string;
}

export interface DestinationKind {
  readonly name: Destination;
  readonly places: readonly Place[];
  draft(rng: Rng, split: Split, now: number): Draft;
}

/** The container at that path in the draft's body, made where it is missing. */
export function containerAt(draft: Draft, path: readonly string[]): JsonRecord {
  let at: JsonRecord = draft.json ?? {};
  for (const segment of path) {
    const next = at[segment];
    if (typeof next === "object" && next !== null && !Array.isArray(next)) at = next;
    else {
      const made: JsonRecord = {};
      at[segment] = made;
      at = made;
    }
  }
  return at;
}

export function memberPlace(name: string, split: Split | undefined, path: readonly string[]): Place {
  return place(name, split, "member", (draft, key, value) => {
    const container = containerAt(draft, path);
    const free = Object.hasOwn(container, key) ? `${key}_${Object.keys(container).length}` : key;
    container[free] = value;
    return pointerOf(...path, free);
  });
}

/** A fixed member that takes text. */
export function textPlace(name: string, split: Split | undefined, path: readonly string[], field: string): Place {
  return place(name, split, "text", (draft, _key, value) => {
    containerAt(draft, path)[field] = value;
    return pointerOf(...path, field);
  });
}

export function jsonStringPlace(
  split: Split,
  path: readonly string[],
  field: string,
  wrap: (key: string, value: JsonValue) => JsonValue,
): Place {
  return place("json-string", split, "json-string", (draft, key, value) => {
    containerAt(draft, path)[field] = JSON.stringify(wrap(key, value));
    return pointerOf(...path, field);
  });
}

export function keyPlace(split: Split, path: readonly string[], value: JsonValue): Place {
  return {
    ...place("key", split, "key", (draft, key) => {
      containerAt(draft, path)[key] = value;
      return pointerOf(...path, key);
    }),
    narrow: true,
  };
}

export function headerPlace(split: Split, header: string, frame: (text: string) => string = (text) => text): Place {
  return {
    ...place("header", split, "text", (draft, _key, value) => {
      draft.headers.push([header, frame(textOf(value))]);
      return `header:${header}`;
    }),
    narrow: true,
  };
}

export function place(name: string, split: Split | undefined, takes: Place["takes"], put: Place["put"]): Place {
  return split === undefined ? { name, takes, put } : { name, split, takes, put };
}

/** `YYYY-MM-DD`, up to 60 days before now. */
export function dateNear(rng: Rng, now: number): string {
  return new Date(now - rng.int(0, 60) * 86_400_000).toISOString().slice(0, 10);
}

/** As Python's `datetime.isoformat()` writes it, in UTC. */
export function pythonTime(rng: Rng, now: number): string {
  const stamp = new Date(now - rng.int(0, 86_400_000)).toISOString();
  return stamp.replace("Z", `${String(rng.int(100, 999))}+00:00`);
}

export const FINGERPRINT = "fp_7d41c0a2";
export const SERVICES = ["default_service", "walrus_service", "eventhandlers_service"];

/** Systems as installations tell of theirs, by the vendor's installer and chart. */
export const HOSTS = ["Linux", "helm_os_default", "posix linux 5.15.0-91-generic", "posix linux 5.10.205-195.807.amzn2.x86_64", "posix darwin 21.6.0"] as const;
