import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalHost } from "../../src/config/host-spelling.js";

/** As a policy writes it, and as a request's host is held against it; undefined: no host. */
const HOSTS: readonly (readonly [written: string, host: string | undefined])[] = [
  ["App.Diffgram.com.", "app.diffgram.com"],
  ["bücher.example", "xn--bcher-kva.example"],
  ["xn--bcher-kva.example", "xn--bcher-kva.example"],
  // Node's own reader takes these for names from version 24 on.
  ["xn--a.example", undefined],
  ["xn--abc-.example", undefined],
  ["xn--999999999.example", undefined],
  ["0x7f.1", "127.0.0.1"],
  ["[2001:DB8::1]", "2001:db8::1"],
];

test("a host of the policy has one spelling, the same in every version of Node", () => {
  for (const [written, host] of HOSTS) assert.equal(canonicalHost(written), host, written);
});
