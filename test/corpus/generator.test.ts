import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import { stdnum } from "stdnum";
import { DETECTORS } from "./detectors/all.js";
import { ENCODINGS } from "./encodings.js";
import { corpus } from "./generator.js";
import { textOf } from "./json-writer.js";
import { DESTINATIONS, type LabelledCase, SPLITS, type Spot } from "./labelled-case.js";
import { createRng } from "./random.js";
import { specimenOf } from "./specimen.js";
import { passesLuhn, remainder } from "./values/check-digits.js";
import { HELD_BACK_IDS } from "./values/national-ids-held-back.js";
import { OPEN_IDS } from "./values/national-ids-open.js";
import { base58check, keccak256, seedPhrase } from "./values/wallets.js";

const NOW = Date.UTC(2026, 10, 24);
const ALL = [...corpus({ seed: "test", count: 24_000, now: NOW })];

describe("the corpus", () => {
  it("is a function of its seed", () => {
    const digest = (seed: string): string => {
      const hash = createHash("sha256");
      for (const one of corpus({ seed, count: 600, now: NOW }))
        hash.update(JSON.stringify({ ...one, body: Buffer.from(one.body).toString("base64") }));
      return hash.digest("hex");
    };
    assert.equal(digest("a"), digest("a"));
    assert.notEqual(digest("a"), digest("b"));
  });

  it("gives the same case whichever split is asked for", () => {
    const alone = [...corpus({ seed: "test", count: 400, now: NOW, split: "held-back" })];
    assert.equal(alone.length, 200);
    assert.deepEqual(
      alone,
      ALL.slice(0, 400).filter((one) => one.split === "held-back"),
    );
  });

  it("has 24,000 cases with ids of their own, half of them clean, for every destination", () => {
    assert.equal(ALL.length, 24_000);
    assert.equal(new Set(ALL.map((one) => one.id)).size, ALL.length);
    assert.equal(ALL.filter((one) => one.clean).length, 12_000);
    for (const split of SPLITS)
      for (const destination of DESTINATIONS)
        assert.ok(
          ALL.some((one) => one.split === split && one.destination === destination),
          `${split} ${destination}`,
        );
  });

  it("plants every detector's kind in both splits, in several places", () => {
    for (const split of SPLITS) {
      const planted = new Map<string, Set<string>>();
      for (const label of ALL.filter((one) => one.split === split).flatMap((one) => one.labels)) {
        const kind = label.kind.split(":")[0] ?? "";
        planted.set(kind, (planted.get(kind) ?? new Set()).add(label.placement));
      }
      for (const { kind } of DETECTORS) assert.ok((planted.get(kind)?.size ?? 0) >= 2, `${kind} in ${split}`);
    }
  });

  it("plants national, tax and health ids of more than 30 countries", () => {
    const countries = new Set(
      ALL.flatMap((one) => one.labels).flatMap((label) => /^(?:national|tax|health)-id:(..)-/.exec(label.kind)?.[1] ?? []),
    );
    assert.ok(countries.size >= 30, `${countries.size} countries`);
  });

  it("keeps held-back encodings and countries out of the open split", () => {
    const open = ALL.filter((one) => one.split === "open").flatMap((one) => one.labels);
    const heldEncodings = new Set(ENCODINGS.filter((encoding) => encoding.split === "held-back").map((encoding) => encoding.name));
    const heldIds = new Set(HELD_BACK_IDS.map((id) => id.name));
    assert.deepEqual(
      open.filter((label) => heldEncodings.has(label.encoding)),
      [],
    );
    assert.deepEqual(
      open.filter((label) => heldIds.has(label.kind.split(":")[1] ?? "")),
      [],
    );
    for (const encoding of ENCODINGS)
      assert.ok(
        ALL.some((one) => one.labels.some((label) => label.encoding === encoding.name)),
        encoding.name,
      );
  });

  it("points every label and every hard negative at a place that exists", () => {
    for (const one of ALL)
      for (const spot of [...one.labels, ...one.negatives])
        assert.notEqual(valueAt(one, spot), undefined, `${one.id} ${spot.kind} ${spot.pointer}`);
  });

  it("keeps the template's fields of a clean event, whatever is planted in its free-form places", () => {
    const free = new Set(["description", "error_log", "extra_metadata", "report_data", "report_template_data"]);
    for (const one of ALL.filter((candidate) => candidate.clean && candidate.destination === "event-hub")) {
      const event: unknown = JSON.parse(decoded(one));
      assert.ok(typeof event === "object" && event !== null);
      for (const spot of one.negatives.filter((negative) => negative.pointer.startsWith("/")))
        assert.ok(free.has(spot.pointer.split("/")[1] ?? ""), spot.pointer);
      const fields = Object.keys(event).length;
      assert.equal(fields, one.template === "event-hub/system" ? 13 : 25, one.id);
    }
  });
});

describe("planted values", () => {
  /** The corpus's names beside the validator's; three have no counterpart there. */
  const VALIDATORS: Readonly<Record<string, readonly [country: string, name: string]>> = {
    "be-nn": ["BE", "nn"],
    "bg-egn": ["BG", "egn"],
    "br-cpf": ["BR", "cpf"],
    "ca-sin": ["CA", "sin"],
    "ch-ahv": ["CH", "ssn"],
    "cl-rut": ["CL", "rut"],
    "cn-ric": ["CN", "ric"],
    "cz-rc": ["CZ", "rc"],
    "de-idnr": ["DE", "idnr"],
    "dk-cpr": ["DK", "cpr"],
    "ee-ik": ["EE", "ik"],
    "es-dni": ["ES", "dni"],
    "es-nie": ["ES", "nie"],
    "fi-hetu": ["FI", "hetu"],
    "fr-nir": ["FR", "nir"],
    "gb-nino": ["GB", "nino"],
    "gr-amka": ["GR", "amka"],
    "hk-hkid": ["HK", "hkid"],
    "hr-oib": ["HR", "oib"],
    "ie-pps": ["IE", "pps"],
    "il-id": ["IL", "idnr"],
    "in-aadhaar": ["IN", "aadhaar"],
    "in-pan": ["IN", "pan"],
    "is-kennitala": ["IS", "kennitala"],
    "it-codice-fiscale": ["IT", "codicefiscale"],
    "kr-rrn": ["KR", "rrn"],
    "lt-asmens": ["LT", "asmens"],
    "mx-curp": ["MX", "curp"],
    "my-nric": ["MY", "nric"],
    "nl-bsn": ["NL", "bsn"],
    "no-fodselsnummer": ["NO", "fodselsnummer"],
    "pl-pesel": ["PL", "pesel"],
    "pt-nif": ["PT", "nif"],
    "ro-cnp": ["RO", "cnp"],
    "se-personnummer": ["SE", "personnummer"],
    "th-pin": ["TH", "idnr"],
    "tr-tckimlik": ["TR", "tckimlik"],
    "tw-natid": ["TW", "natid"],
    "us-ein": ["US", "ein"],
    "us-ssn": ["US", "ssn"],
    "za-id": ["ZA", "idnr"],
    "au-tfn": ["AU", "tfn"],
  };

  it("pass an independent validator of each country's number", () => {
    const rng = createRng("ids");
    let checked = 0;
    for (const id of [...OPEN_IDS, ...HELD_BACK_IDS]) {
      const [country, name] = VALIDATORS[id.name] ?? ["", ""];
      const validator = stdnum[country]?.[name];
      if (validator === undefined) continue;
      checked += 1;
      for (let draw = 0; draw < 60; draw += 1) {
        const value = id.name === "cl-rut" ? id.make(rng).replaceAll(".", "") : id.make(rng);
        assert.ok(validator.validate(value).isValid, `${id.name} ${value}`);
      }
    }
    assert.equal(checked, Object.keys(VALIDATORS).length);
  });

  it("have right card and IBAN check digits", () => {
    const rng = createRng("money");
    for (const kind of ["payment-card", "payment-card-number", "imei", "iban"]) {
      const detector = DETECTORS.find((candidate) => candidate.kind === kind);
      assert.ok(detector !== undefined);
      for (let draw = 0; draw < 200; draw += 1) {
        const value = textOf(specimenOf(detector, rng, draw % 2 === 0 ? "open" : "held-back").value).replace(/[^A-Z0-9]/g, "");
        assert.ok(kind === "iban" ? remainder(value.slice(4) + value.slice(0, 4), 97) === 1 : passesLuhn(value), `${kind} ${value}`);
      }
    }
  });

  it("hash and spell wallets as the published vectors do", () => {
    assert.equal(keccak256(Buffer.alloc(0)).toString("hex"), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
    assert.equal(base58check(Buffer.alloc(21)), "1111111111111111111114oLvT2");
    assert.equal(seedPhrase({ ...createRng("x"), bytes: (count) => Buffer.alloc(count) }, 12), `${"abandon ".repeat(11)}about`);
  });
});

function decoded(one: LabelledCase): string {
  const body = Buffer.from(one.body);
  if (one.contentEncoding === "gzip") return gunzipSync(body).toString();
  if (one.contentEncoding === "br") return brotliDecompressSync(body).toString();
  if (one.contentEncoding === "deflate")
    return (((body[0] ?? 0) & 0x0f) === 8 && body.readUInt16BE(0) % 31 === 0 ? inflateSync(body) : inflateRawSync(body)).toString();
  return body.toString();
}

/** Whatever stands at the spot; undefined where nothing does. */
function valueAt(one: LabelledCase, spot: Spot): unknown {
  if (spot.pointer === "path") return one.path.split("/").at(-1);
  const [where, name] = spot.pointer.split(/:(.*)/s);
  if (where === "header") return one.headers.find((field) => field[0] === name)?.[1];
  if (where === "query") return new URLSearchParams(one.query).get(name ?? "") ?? undefined;
  if (where === "form")
    return decoded(one)
      .split(/[\n&]/)
      .find((line) => line.startsWith(`${encodeURIComponent(name ?? "")}=`));
  let at: unknown = JSON.parse(decoded(one));
  for (const segment of spot.pointer.slice(1).split("/")) {
    const key = segment.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = Reflect.get(at, key);
  }
  return at ?? undefined;
}
