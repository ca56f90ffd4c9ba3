/** A JSON value as a generator builds it. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonRecord;

export interface JsonRecord {
  [key: string]: JsonValue;
}

/** `held-back` holds templates, locales and encodings that never occur in `open`, which is what the rules' author may look at. */
export type Split = "open" | "held-back";

export const SPLITS: readonly Split[] = ["open", "held-back"];

export type Destination = "event-hub" | "segment" | "ga-collect" | "operator-json";

export const DESTINATIONS: readonly Destination[] = ["event-hub", "segment", "ga-collect", "operator-json"];

export type LabelCategory = "pii" | "secret" | "blob" | "annotation";

/** A place in the message that holds a planted value. */
export interface Spot {
  /** What was planted: for a label the detector's kind (`national-id:nl-bsn`), for a hard negative its own (`log:nginx`). */
  readonly kind: string;
  /** JSON Pointer into the decoded body; outside the body `header:<name>`, `query:<name>`, `path`. A planted key is the last segment. */
  readonly pointer: string;
  /** `description`, `error-log`, `json-string`, `key`, `report-labels`, `metadata`, `properties`, `traits`, `header`, `query`, `path` … */
  readonly placement: string;
  /** The encoding's name in `encodings.ts`, or `plain`. */
  readonly encoding: string;
  /** From the outside in: `["base64", "gzip"]` is base64 of gzip. Empty: as it is. */
  readonly encodingChain: readonly string[];
  readonly locale: string;
}

export interface Label extends Spot {
  readonly category: LabelCategory;
  /** Categories whose finding is as good, where two names fit one value (a label name that is a person's). */
  readonly orCategory?: LabelCategory;
  /** How a finding might name its view, as design.md has it; informative, never matched. */
  readonly view: string;
}

/** One request with the truth about it. Synthetic throughout: no value in it belongs to anybody. */
export interface LabelledCase {
  /** `<split>-<index>`, unique for a seed. */
  readonly id: string;
  readonly split: Split;
  readonly destination: Destination;
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Without `?`. */
  readonly query?: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly contentType: string | undefined;
  readonly contentEncoding: string | undefined;
  readonly body: Uint8Array;
  /** What must be found. Empty: the case is clean. */
  readonly labels: readonly Label[];
  /** What looks like a catch and is none. */
  readonly negatives: readonly Spot[];
  readonly clean: boolean;
  /** The request's template, e.g. `event-hub/task-event`. */
  readonly template: string;
  readonly locale: string;
}
