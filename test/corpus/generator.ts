import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { EVENT_HUB } from "./destinations/event-hub.js";
import type { DestinationKind, Draft } from "./destinations/draft.js";
import { GA_COLLECT } from "./destinations/ga-collect.js";
import { OPERATOR_JSON } from "./destinations/operator-json.js";
import { SEGMENT } from "./destinations/segment.js";
import { DETECTORS } from "./detectors/all.js";
import { writeJson } from "./json-writer.js";
import type { Label, LabelledCase, Split, Spot } from "./labelled-case.js";
import { plantNegative, plantSpecimen } from "./planting.js";
import { createRng, type Rng } from "./random.js";
import { type DetectorKind, specimenOf } from "./specimen.js";

const DESTINATION_KINDS: readonly DestinationKind[] = [EVENT_HUB, SEGMENT, GA_COLLECT, OPERATOR_JSON];

/** Each detector as often as its weight says; walked in order, so that every kind comes in any corpus of some size. */
const DECK: readonly DetectorKind[] = DETECTORS.flatMap((detector) => Array.from({ length: detector.weight ?? 1 }, () => detector));

export interface CorpusOptions {
  readonly seed: string;
  readonly count: number;
  /** Milliseconds since the epoch: dates in clean events lie near it. */
  readonly now: number;
  /** Only these; ids and content of a case are the same whatever is left out. */
  readonly split?: Split;
}

/** Streams the corpus: half open, half held back; of each, half clean, half dirty. A function of the options alone. */
export function* corpus(options: CorpusOptions): Generator<LabelledCase> {
  for (let index = 0; index < options.count; index += 1) {
    const split: Split = index % 2 === 0 ? "open" : "held-back";
    if (options.split !== undefined && options.split !== split) continue;
    yield caseAt(options.seed, split, Math.floor(index / 2), options.now);
  }
}

function caseAt(seed: string, split: Split, index: number, now: number): LabelledCase {
  const rng = createRng(`${seed}/${split}/${index}`);
  const dirty = index % 2 === 0;
  const destination = rng.pick(DESTINATION_KINDS);
  const draft = destination.draft(rng, split, now);
  const labels: Label[] = [];
  const negatives: Spot[] = [];
  const taken = new Set<string>();
  if (dirty) {
    const detector = DECK[(index / 2) % DECK.length];
    const chosen = rng.chance(0.15) ? [detector, rng.pick(DECK)] : [detector];
    for (const one of chosen) {
      const label = one === undefined ? undefined : plantSpecimen(specimenOf(one, rng, split), draft, destination, rng, split, taken);
      if (label !== undefined) labels.push(label);
    }
    if (labels.length === 0) throw new RangeError(`${destination.name} has no place for ${detector?.kind ?? "nothing"}`);
  }
  const wanted = dirty ? rng.int(0, 1) : rng.int(0, 3);
  for (let planted = 0; planted < wanted; planted += 1) {
    const spot = plantNegative(draft, destination, rng, split, taken);
    if (spot !== undefined) negatives.push(spot);
  }
  return finish(draft, destination, rng, { id: `${split}-${index}`, split, labels, negatives });
}

function finish(
  draft: Draft,
  destination: DestinationKind,
  rng: Rng,
  known: Pick<LabelledCase, "id" | "split" | "labels" | "negatives">,
): LabelledCase {
  const plain = Buffer.from(draft.json === undefined ? draft.lines.map(formPairs).join("\n") : writeJson(draft.json, draft.style));
  const coding = plain.length > 0 && destination.name !== "ga-collect" && rng.chance(0.12) ? rng.pick(CODINGS[known.split]) : undefined;
  const body = coding === undefined ? plain : coding[1](plain);
  const headers: [string, string][] = [...draft.headers, ["Content-Length", String(body.length)]];
  if (coding !== undefined) headers.push(["Content-Encoding", coding[0]]);
  const query = draft.query.length === 0 ? undefined : formPairs(draft.query);
  return {
    ...known,
    destination: destination.name,
    url: draft.origin + draft.path + (query === undefined ? "" : `?${query}`),
    method: draft.method,
    path: draft.path,
    ...(query === undefined ? {} : { query }),
    headers,
    contentType: headers.find((field) => field[0].toLowerCase() === "content-type")?.[1],
    contentEncoding: coding?.[0],
    body,
    clean: known.labels.length === 0,
    template: draft.template,
    locale: known.labels[0]?.locale ?? "neutral",
  };
}

const CODINGS: Readonly<Record<Split, readonly (readonly [name: string, encode: (bytes: Buffer) => Buffer])[]>> = {
  open: [
    ["gzip", (bytes) => gzipSync(bytes)],
    ["deflate", (bytes) => deflateSync(bytes)],
  ],
  "held-back": [
    ["br", (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })],
    ["deflate", (bytes) => deflateRawSync(bytes)],
    ["gzip", (bytes) => gzipSync(bytes, { level: 1 })],
  ],
};

function formPairs(pairs: readonly (readonly [string, string])[]): string {
  return pairs.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
}
