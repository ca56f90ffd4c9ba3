import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readBody } from "../../src/body/read-body.js";
import { readLimits } from "../../src/config/policy-limits.js";
import { dropItems, REDACTION_MARK, replaceValues } from "../../src/forward/redaction.js";
import { type ByteRange, type Finding, MASK } from "../../src/model/finding.js";
import type { JsonNode } from "../../src/model/json.js";

const limits = readLimits(undefined, []);

function read(text: string): { bytes: Uint8Array; root: JsonNode } {
  const view = readBody(Buffer.from(text), { contentType: "application/json", contentEncoding: undefined }, limits).views[0];
  assert.ok(view?.kind === "json");
  return { bytes: view.bytes, root: view.root };
}

/** A finding at the first place where the text stands. */
function at(text: string, value: string): Finding & { readonly range: ByteRange } {
  const start = Buffer.from(text).indexOf(value);
  return {
    rule: "pii/email",
    pointer: "",
    view: "body",
    range: [start, start + Buffer.byteLength(value)],
    action: "redact",
    mask: MASK,
    hmac: "",
    why: "",
  };
}

function nowhere(finding: Finding): Finding {
  const { rule, pointer, view, action, mask, hmac, why } = finding;
  return { rule, pointer, view, action, mask, hmac, why };
}

function replaced(text: string, ...places: { readonly range: ByteRange }[]): string | undefined {
  const { bytes, root } = read(text);
  return replaceValues(
    bytes,
    root,
    places.map(({ range }) => range),
  )?.toString();
}

function dropped(text: string, ...findings: Finding[]): string | undefined {
  const { bytes, root } = read(text);
  return dropItems(bytes, root, "batch", findings)?.toString();
}

describe("replaceValues", () => {
  it("replaces a whole value and leaves every other byte, odd spacing and escapes too", () => {
    const text = '{ "a" :\t1e0, "e": "x@y.example" , "u":"\\u00e9"}';
    assert.equal(replaced(text, at(text, '"x@y.example"')), '{ "a" :\t1e0, "e": "[redacted]" , "u":"\\u00e9"}');
  });
  it("replaces the string around a part of it", () => {
    const text = '{"e":"ask x@y.example now"}';
    assert.equal(replaced(text, at(text, "x@y.example")), '{"e":"[redacted]"}');
  });
  it("replaces an object or a number whole", () => {
    const text = '{"o":{"x":1,"y":2},"n":4111111111111111}';
    assert.equal(replaced(text, at(text, '{"x":1,"y":2}'), at(text, "4111111111111111")), '{"o":"[redacted]","n":"[redacted]"}');
  });
  it("takes two findings in one value as one, and an outer one over an inner", () => {
    const text = '{"o":{"e":"x@y.example"},"k":1}';
    assert.equal(replaced(text, at(text, '"x@y.example"'), at(text, '{"e":"x@y.example"}'), at(text, "x@y")), '{"o":"[redacted]","k":1}');
  });
  it("can't replace the whole body, nor what stands in none of its values", () => {
    const text = '{"x@y.example":1}';
    assert.equal(replaced(text, at(text, '"x@y.example"')), undefined);
    assert.equal(replaced(text, { range: [0, 1_000] }), undefined);
    assert.equal(replaced('"x@y.example"', { range: [0, 13] }), undefined);
  });

  it("of any value of any document gives JSON that differs in nothing else", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, maxKeys: 6 }), fc.nat(), (document, choice) => {
        const keys = Object.keys(document);
        const key = keys[choice % keys.length] ?? "";
        const text = JSON.stringify(document, undefined, choice % 3);
        const { bytes, root } = read(text);
        assert.ok(root.kind === "object");
        const value = root.members.find((member) => member.key.text === key)?.value;
        assert.ok(value !== undefined);
        const result = replaceValues(bytes, root, [[value.start, value.end]])?.toString() ?? "";
        assert.deepEqual(JSON.parse(result), JSON.parse(JSON.stringify({ ...document, [key]: REDACTION_MARK })));
      }),
      { numRuns: 500 },
    );
  });
});

describe("dropItems", () => {
  it("drops nothing where there is no batch, or a finding has no range", () => {
    for (const text of ['{"batch":1}', '{"other":[1,2]}', "[1,2]"]) assert.equal(dropped(text, at(text, "1")), undefined);
    const text = '{"batch":[1,2]}';
    assert.equal(dropped(text, nowhere(at(text, "1"))), undefined);
  });
  const text = '{"batch": [ {"id":1, "x":"a"} ,{"id":2, "x":"b"}, {"id":3, "x":"c"} ], "sentAt":"now"}';
  it("drops the first item with the comma after it", () =>
    assert.equal(dropped(text, at(text, '"a"')), '{"batch": [ {"id":2, "x":"b"}, {"id":3, "x":"c"} ], "sentAt":"now"}'));
  it("drops one in the middle", () =>
    assert.equal(dropped(text, at(text, '"b"')), '{"batch": [ {"id":1, "x":"a"}, {"id":3, "x":"c"} ], "sentAt":"now"}'));
  it("drops the last with the comma before it", () =>
    assert.equal(dropped(text, at(text, '"c"')), '{"batch": [ {"id":1, "x":"a"} ,{"id":2, "x":"b"} ], "sentAt":"now"}'));
  it("drops the first two", () =>
    assert.equal(dropped(text, at(text, '"a"'), at(text, '"b"')), '{"batch": [ {"id":3, "x":"c"} ], "sentAt":"now"}'));
  it("can't drop all, nor what stands outside the items", () => {
    assert.equal(dropped(text, at(text, '"a"'), at(text, '"b"'), at(text, '"c"')), undefined);
    assert.equal(dropped(text, at(text, '"now"')), undefined);
  });
  it("keeps every other item for any choice of items", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1, maxLength: 8 }), (drops) => {
        const items = drops.map((_, id) => ({ id }));
        const whole = JSON.stringify({ batch: items });
        const findings = drops.flatMap((drop, id) => (drop ? [at(whole, `{"id":${id}}`)] : []));
        const result = dropped(whole, ...findings);
        const kept = items.filter((_, id) => drops[id] !== true);
        if (kept.length === 0) assert.equal(result, undefined);
        else assert.deepEqual(JSON.parse(result ?? ""), { batch: kept });
      }),
    );
  });
});
