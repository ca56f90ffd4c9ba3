import assert from "node:assert/strict";
import { test } from "node:test";
import { readText } from "../../src/body/charset.js";
import { parseMediaType } from "../../src/body/media-type.js";

/* A charset that is stated, a BOM and the place of the first NUL must not contradict each other; what says nothing contradicts nothing. */

const read = (hex: string, charset: string | undefined): string => {
  const type = parseMediaType(charset === undefined ? "application/json" : `application/json; charset=${charset}`);
  const step = readText(Buffer.from(hex.replaceAll(" ", ""), "hex"), type);
  return step.ok ? step.value.text : step.fault.rule;
};

const ROWS: readonly (readonly [sentence: string, hex: string, charset: string | undefined, is: string])[] = [
  ["ASCII", "7b7d", undefined, "{}"],
  ["UTF-8", "c3a9", undefined, "\u00e9"],
  ["a UTF-8 BOM, which stays", "efbbbf7b7d", undefined, "\ufeff{}"],
  ["a UTF-8 BOM where UTF-8 is stated", "efbbbf7b7d", "utf8", "\ufeff{}"],
  ["a UTF-8 BOM where UTF-16 is stated", "efbbbf20", "utf-16", "charset"],
  ["a UTF-8 BOM where UTF-16LE is stated", "efbbbf20", "utf-16le", "charset"],
  ["two of its three bytes, which are a letter of UTF-16LE", "efbb8020", "utf-16le", "\ubbef\u2080"],
  ["UTF-16LE by its BOM", "fffe7b007d00", undefined, "{}"],
  ["UTF-16BE by its BOM", "feff007b007d", undefined, "{}"],
  ["UTF-16LE by its first NUL", "7b007d00", undefined, "{}"],
  ["UTF-16BE by its first NUL", "007b007d", undefined, "{}"],
  ["UTF-16 by its BOM", "fffe7b00", "UTF-16", "{"],
  ["UTF-16 without BOM, by its first NUL", "007b", "utf-16", "{"],
  ["UTF-16 that says nothing of its order", "e94e", "utf-16", "charset"],
  ["UTF-16LE where UTF-16BE is stated", "fffe7b00", "utf-16be", "charset"],
  ["UTF-16BE where UTF-16LE is stated", "feff007b", "utf-16le", "charset"],
  ["UTF-16 where UTF-8 is stated", "fffe7b00", "utf-8", "charset"],
  ["a first byte alone like a BOM of UTF-16LE", "ff41", "utf-16be", "\uff41"],
  ["a second byte alone like a BOM of UTF-16LE", "41fe", "utf-16be", "\u41fe"],
  ["a first byte alone like a BOM of UTF-16BE", "fe41", "utf-16le", "\u41fe"],
  ["a second byte alone like a BOM of UTF-16BE", "41ff", "utf-16le", "\uff41"],
  ["two NULs first, which say nothing", "00004100", "utf-16le", "\0A"],
  ["NULs behind a letter, which say nothing", "41000000", "utf-16be", "\u4100\0"],
  ["a NUL alone", "00", undefined, "\0"],
  ["bytes that are no UTF-8", "c3", undefined, "charset"],
  ["an overlong form", "c1a1", undefined, "charset"],
  ["UTF-16 that is cut short", "fffe7b", undefined, "charset"],
  ["half a surrogate pair", "fffe3dd8", undefined, "charset"],
  ["Latin-1", "7b7d", "iso-8859-1", "charset"],
  ["a charset twice", "7b7d", "utf-8; charset=utf-8", "charset"],
];

for (const [sentence, hex, charset, is] of ROWS) {
  test(`${sentence}${charset === undefined ? "" : `, ${charset} stated`}: ${is === "charset" ? "refused" : "read"}`, () =>
    assert.equal(read(hex, charset), is));
}
