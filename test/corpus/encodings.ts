import { deflateSync, gzipSync } from "node:zlib";
import { ESCAPE_ALL } from "./json-writer.js";
import type { Split } from "./labelled-case.js";
import type { Rng } from "./random.js";

/** One way a value gets hidden, by a system or by somebody. */
export interface Encoding {
  readonly name: string;
  /** From the outside in. */
  readonly chain: readonly string[];
  readonly split: Split;
  /** Needs letters or digits of ASCII to change anything. */
  readonly obfuscation?: boolean;
  /** Only where the body is JSON. */
  readonly jsonOnly?: boolean;
  encode(text: string, rng: Rng): string;
}

const gzip = (text: string): Buffer => gzipSync(Buffer.from(text), { level: 6 });
const percent = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) =>
      /[A-Za-z0-9]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
    )
    .join("");
const entities = (text: string, form: (code: number) => string): string =>
  [...text].map((character) => (/[A-Za-z0-9 ]/.test(character) ? character : form(character.codePointAt(0) ?? 0))).join("");

export const ENCODINGS: readonly Encoding[] = [
  { name: "json-escapes", chain: ["json-escapes"], split: "open", jsonOnly: true, encode: (text) => ESCAPE_ALL + text },
  { name: "base64", chain: ["base64"], split: "open", encode: (text) => Buffer.from(text).toString("base64") },
  { name: "hex", chain: ["hex"], split: "open", encode: (text) => Buffer.from(text).toString("hex") },
  { name: "percent", chain: ["percent"], split: "open", encode: percent },
  { name: "html-decimal", chain: ["html"], split: "open", encode: (text) => entities(text, (code) => `&#${code};`) },
  { name: "gzip+base64", chain: ["base64", "gzip"], split: "open", encode: (text) => gzip(text).toString("base64") },
  {
    name: "full-width",
    chain: ["full-width"],
    split: "open",
    obfuscation: true,
    encode: (text) => text.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + 0xfee0)),
  },
  { name: "base64url", chain: ["base64url"], split: "held-back", encode: (text) => Buffer.from(text).toString("base64url") },
  {
    name: "base64-lines",
    chain: ["base64"],
    split: "held-back",
    encode: (text) =>
      (
        Buffer.from(text)
          .toString("base64")
          .match(/.{1,76}/g) ?? []
      ).join("\n"),
  },
  {
    name: "hex-separated",
    chain: ["hex"],
    split: "held-back",
    encode: (text, rng) => (Buffer.from(text).toString("hex").match(/../g) ?? []).join(rng.pick([":", " ", "-"])),
  },
  { name: "double-percent", chain: ["percent", "percent"], split: "held-back", encode: (text) => percent(percent(text)) },
  { name: "html-hex", chain: ["html"], split: "held-back", encode: (text) => entities(text, (code) => `&#x${code.toString(16)};`) },
  {
    name: "zlib+base64",
    chain: ["base64", "zlib"],
    split: "held-back",
    encode: (text) => deflateSync(Buffer.from(text)).toString("base64"),
  },
  {
    name: "double-base64",
    chain: ["base64", "base64"],
    split: "held-back",
    encode: (text) => Buffer.from(Buffer.from(text).toString("base64")).toString("base64"),
  },
  {
    name: "json+base64",
    chain: ["base64", "json-string"],
    split: "held-back",
    encode: (text) => Buffer.from(JSON.stringify({ ok: false, detail: text })).toString("base64"),
  },
  {
    name: "percent+base64",
    chain: ["percent", "base64"],
    split: "held-back",
    encode: (text) => percent(Buffer.from(`${text}\n`).toString("base64")),
  },
  { name: "gzip+base64url", chain: ["base64url", "gzip"], split: "held-back", encode: (text) => gzip(text).toString("base64url") },
  {
    name: "zero-width",
    chain: ["zero-width"],
    split: "held-back",
    obfuscation: true,
    encode: (text, rng) =>
      [...text]
        .map((character) => (rng.chance(0.3) ? `${character}${rng.pick(["\u200b", "\u200c", "\u2060", "\u00ad"])}` : character))
        .join(""),
  },
];
