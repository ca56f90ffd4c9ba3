import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeServerName, targetOfServerName } from "../../src/http/server-name.js";
import { isRefusal } from "../../src/model/refusal.js";
import type { Target } from "../../src/model/target.js";

const NAMED: Target = { scheme: "https", host: "app.diffgram.com", port: 443, ip: undefined };
const ADDRESS: Target = { scheme: "https", host: "203.0.113.7", port: 443, ip: 4 };

for (const [sentence, name, target, is] of [
  ["the target's own name", "app.diffgram.com", NAMED, undefined],
  ["another spelling of it", "APP.diffgram.com.", NAMED, undefined],
  ["no name for an address", undefined, ADDRESS, undefined],
  ["no name for a name", undefined, NAMED, /^sni-missing: /],
  ["another name", "evil.example", NAMED, /^sni-mismatch: .* differs/],
  ["what is no name", "app..diffgram.com", NAMED, /^sni-mismatch: .* no host name/],
  ["a name for an address", "app.diffgram.com", ADDRESS, /^sni-mismatch: .* differs/],
] as const) {
  test(`a handshake with ${sentence} is ${is === undefined ? "taken" : "refused"}`, () => {
    const refused = judgeServerName(name, target);
    if (is === undefined) assert.equal(refused, undefined);
    else assert.match(`${refused?.refused ?? ""}: ${refused?.detail ?? ""}`, is);
  });
}

test("a redirected handshake's name is its target", () => {
  assert.deepEqual(targetOfServerName("APP.diffgram.com", 8443), { scheme: "https", host: "app.diffgram.com", port: 8443, ip: undefined });
  for (const [name, told] of [
    ["app..diffgram.com", /no host name/],
    ["203.0.113.7", /is an address/],
    ["0x7f.1", /is an address/],
  ] as const) {
    const target = targetOfServerName(name, 443);
    assert.match(isRefusal(target) ? target.detail : "", told);
  }
});
