import type { DestinationKind, Draft, Place } from "./destinations/draft.js";
import { ENCODINGS, type Encoding } from "./encodings.js";
import { textOf } from "./json-writer.js";
import type { JsonValue, Label, Split, Spot } from "./labelled-case.js";
import { DATA_NEGATIVES } from "./negatives/data.js";
import { ID_NEGATIVES } from "./negatives/ids.js";
import { LOG_NEGATIVES } from "./negatives/logs.js";
import type { Rng } from "./random.js";
import type { Specimen } from "./specimen.js";

const NEGATIVES = [...ID_NEGATIVES, ...LOG_NEGATIVES, ...DATA_NEGATIVES];

/** Under this length an encoded value can't be told from an identifier by anyone. */
const LEAST_ENCODED = 14;
/** A free string's bound (design.md): what is longer is refused for its length, which proves nothing about detectors. */
const LONGEST_TEXT = 4000;

const FRAMES: Readonly<Record<Split, readonly string[]>> = { open: ["{}", "payload={}"], "held-back": ["{}", "body: {}", "got {}"] };

/** Plants the value in a place that suits it and is free, and returns the label; undefined where no such place is left. */
export function plantSpecimen(
  specimen: Specimen,
  draft: Draft,
  destination: DestinationKind,
  rng: Rng,
  split: Split,
  taken: Set<string>,
): Label | undefined {
  const encoding = drawEncoding(specimen, draft, rng, split);
  // Encoded it may be too long for every place.
  return (
    plant(specimen, encoding, draft, destination, rng, split, taken) ?? plant(specimen, undefined, draft, destination, rng, split, taken)
  );
}

function plant(
  specimen: Specimen,
  encoding: Encoding | undefined,
  draft: Draft,
  destination: DestinationKind,
  rng: Rng,
  split: Split,
  taken: Set<string>,
): Label | undefined {
  const candidates = rng.sample(destination.places, destination.places.length);
  for (const place of candidates) {
    if ((place.split ?? split) !== split || taken.has(keyOf(place))) continue;
    const planted = contentFor(specimen, place, encoding, rng, split);
    if (planted === undefined) continue;
    taken.add(keyOf(place));
    const pointer = place.put(draft, planted.key, planted.value);
    const encodingChain = planted.encoded ? (encoding?.chain ?? []) : [];
    const orCategory = place.name === "report-labels" ? "annotation" : specimen.orCategory;
    return {
      category: specimen.category,
      kind: specimen.kind,
      ...(orCategory === undefined ? {} : { orCategory }),
      pointer,
      placement: place.name,
      encoding: planted.encoded ? (encoding?.name ?? "plain") : "plain",
      encodingChain,
      locale: specimen.locale,
      view: viewOf(place, encodingChain),
    };
  }
  return undefined;
}

export function plantNegative(draft: Draft, destination: DestinationKind, rng: Rng, split: Split, taken: Set<string>): Spot | undefined {
  const negative = rng.pick(NEGATIVES.filter((candidate) => (candidate.split ?? split) === split));
  const takes: readonly Place["takes"][] = negative.text === undefined ? ["member", "json-string"] : ["text", "member"];
  const text = negative.text?.(rng);
  const places = destination.places.filter(
    (place) =>
      (place.split ?? split) === split &&
      place.labelsOnly !== true &&
      (draft.system !== true || place.name === "header") &&
      takes.includes(place.takes) &&
      !taken.has(keyOf(place)) &&
      (place.narrow !== true || (text !== undefined && isNarrow(text) && place.name !== "path")),
  );
  if (places.length === 0) return undefined;
  const place = rng.pick(places);
  taken.add(keyOf(place));
  const [key, value] = negative.member?.(rng) ?? [split === "open" ? "line" : "output", text ?? ""];
  return {
    kind: negative.kind,
    pointer: place.put(draft, key, value),
    placement: place.name,
    encoding: "plain",
    encodingChain: [],
    locale: "neutral",
  };
}

interface Content {
  readonly key: string;
  readonly value: JsonValue;
  readonly encoded: boolean;
}

function contentFor(specimen: Specimen, place: Place, encoding: Encoding | undefined, rng: Rng, split: Split): Content | undefined {
  const isText = typeof specimen.value === "string";
  if (place.takes === "text" || place.takes === "key") {
    const alone = specimen.bare && isText && rng.chance(0.4);
    const prose = place.takes === "key" || place.name === "path" || alone ? undefined : specimen.prose;
    const text = prose ?? (specimen.bare && isText ? textOf(specimen.value) : undefined);
    if (text === undefined) return undefined;
    const dressed = dress(text, specimen, place.narrow === true ? undefined : encoding, rng, split);
    if (dressed.text.length > LONGEST_TEXT || (place.narrow === true && !isNarrow(dressed.text))) return undefined;
    return place.takes === "key"
      ? { key: dressed.text, value: true, encoded: dressed.encoded }
      : { key: specimen.key, value: dressed.text, encoded: dressed.encoded };
  }
  // A sentence has no member name that gives it away.
  const value = specimen.soft && isText ? (specimen.prose ?? specimen.value) : specimen.value;
  if (encoding === undefined || place.takes === "json-string") return { key: specimen.key, value, encoded: false };
  const text = typeof value === "string" ? value : encoding.obfuscation === true ? undefined : JSON.stringify(value);
  if (text === undefined) return { key: specimen.key, value, encoded: false };
  const dressed = dress(text, specimen, encoding, rng, split);
  if (dressed.text.length > LONGEST_TEXT) return undefined;
  return dressed.encoded ? { key: specimen.key, value: dressed.text, encoded: true } : { key: specimen.key, value, encoded: false };
}

function dress(
  text: string,
  specimen: Specimen,
  encoding: Encoding | undefined,
  rng: Rng,
  split: Split,
): { readonly text: string; readonly encoded: boolean } {
  if (encoding === undefined || text.length < LEAST_ENCODED) return { text, encoded: false };
  if (encoding.obfuscation === true) {
    const value = textOf(specimen.value);
    return { text: text.replace(value, () => encoding.encode(value, rng)), encoded: text.includes(value) };
  }
  const encoded = encoding.encode(text, rng);
  const frame = encoding.jsonOnly === true ? "{}" : rng.pick(FRAMES[split]);
  return { text: frame.replace("{}", () => encoded), encoded: true };
}

function drawEncoding(specimen: Specimen, draft: Draft, rng: Rng, split: Split): Encoding | undefined {
  if (!rng.chance(specimen.soft ? 0.08 : 0.35)) return undefined;
  const encodings = ENCODINGS.filter((encoding) => encoding.split === split && (encoding.jsonOnly !== true || draft.json !== undefined));
  const encoding = rng.pick(encodings);
  // A value that is itself opaque, hidden by look-alikes, is no longer that value: a key with full-width letters opens nothing.
  return encoding.obfuscation === true && specimen.category !== "pii" ? undefined : encoding;
}

function isNarrow(text: string): boolean {
  return text.length <= 600 && /^[\x20-\x7e]+$/.test(text);
}

/** Two texts for one field would overwrite each other; members of one container don't. */
function keyOf(place: Place): string {
  return place.takes === "member" ? `${place.name}/member/${place.split ?? ""}` : `${place.name}/${place.takes}/${place.split ?? ""}`;
}

function viewOf(place: Place, chain: readonly string[]): string {
  const start =
    place.name === "header" || place.name === "query" || place.name === "path" ? place.name : place.takes === "key" ? "key" : "body";
  return [start, ...(place.takes === "json-string" ? ["json-string"] : []), ...chain].join(">");
}
