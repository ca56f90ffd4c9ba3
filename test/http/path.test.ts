import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePath } from "../../src/http/path.js";
import { isRefusal } from "../../src/model/refusal.js";

/* What a head's reader refuses before it comes here (octets that are not ASCII, control characters, spaces) is refused here too. */

const read = (originForm: string): string => {
  const parsed = parsePath(originForm);
  return isRefusal(parsed) ? `${parsed.refused}: ${parsed.detail}` : `${parsed.path} ${parsed.query ?? "-"}`;
};

for (const [sentence, originForm, is] of [
  ["the root", "/", "/ -"],
  ["a plain path", "/a/b.c/~d", "/a/b.c/~d -"],
  ["an empty query", "/a?", "/a "],
  ["a query with every character that browsers send unencoded", '/a?b=[c]|{d}^"`<>\\;e', '/a b=[c]|{d}^"`<>\\;e'],
  ["an encoded unreserved character, which is the plain one", "/%61%7E", "/a~ -"],
  ["other encoded characters, in upper case", "/caf%c3%a9", "/caf%C3%A9 -"],
] as const) {
  test(`${sentence} is read`, () => assert.equal(read(originForm), is));
}

for (const [sentence, originForm, told] of [
  ["a fragment", "/a#b", /^message-malformed: The target holds a fragment/],
  ["a fragment in a query", "/a?b#c", /^message-malformed: The target holds a fragment/],
  ["an octet that is not ASCII in a query", "/a?\u00e9", /^message-malformed: The query holds a character/],
  ["a space in a query", "/a?b c", /^message-malformed: The query holds a character/],
  ["a percent sign without digits in a query", "/a?b%zz", /^message-malformed: The query holds a percent sign/],
  ["a path that does not start with a slash", "a/b", /^message-malformed: The path does not start/],
  ["no path", "", /^message-malformed: The path does not start/],
  ["a backslash", "/a\\b", /^message-ambiguous: The path holds a backslash/],
  ["a parameter", "/a;b", /^message-ambiguous: The path holds a `;`/],
  ["an octet that is not ASCII", "/\u00e9", /^message-malformed: The path holds a character/],
  ["a percent sign without digits", "/%2", /^message-malformed: The path holds a percent sign/],
  ["an encoded slash", "/a%2fb", /^message-ambiguous: The path holds an encoded/],
  ["an empty segment", "/a//b", /^message-ambiguous: The path holds an empty/],
  ["a dot segment", "/a/../b", /^message-ambiguous: The path holds a dot/],
  ["an encoded dot segment", "/a/%2e%2E", /^message-ambiguous: The path holds a dot/],
] as const) {
  test(`${sentence} is refused`, () => assert.match(read(originForm), told));
}
