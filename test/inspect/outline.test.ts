import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readBody } from "../../src/body/read-body.js";
import { Outlines } from "../../src/inspect/outline.js";
import { LIMITS } from "./fixture.js";

const NAMES = { has: (name: string) => /^[a-z_]+$/.test(name), isRuleKey: () => false, isNumberName: () => false };
const newOutlines = (): Outlines => new Outlines(NAMES, (key) => `{${key.length}}`);
const views = (body: unknown, type = "application/json") =>
  readBody(Buffer.from(typeof body === "string" ? body : JSON.stringify(body)), { contentType: type, contentEncoding: undefined }, LIMITS)
    .views;

describe("the outline of what an exchange holds", () => {
  it("tells paths, types and length classes, each once, unnamed keys as their pseudonym, and no value", () => {
    const body = {
      id: 7,
      share: 0.5,
      name: "",
      log: { Dana: "x".repeat(40) },
      tags: ["a", "b", null, "c".repeat(9)],
      none: [],
      empty: {},
      ok: true,
    };
    assert.deepEqual(newOutlines().of(views(body), "q=abc&Z1=1"), [
      "/id\tinteger\t",
      "/share\tnumber\t",
      "/name\tstring\t0",
      "/log/{4}\tstring\t33-128",
      "/tags/*\tstring\t1-8",
      "/tags/*\tnull\t",
      "/tags/*\tstring\t9-32",
      "/none\tarray\t",
      "/empty\tobject\t",
      "/ok\tboolean\t",
      "?q\tstring\t1-8",
      "?{2}\tstring\t1-8",
    ]);
  });

  it("takes the lines of a log's documents together", () => {
    assert.deepEqual(newOutlines().of(views('{"a":1}\n{"a":2,"b":"x"}\n', "application/x-ndjson"), undefined), [
      "/a\tinteger\t",
      "/b\tstring\t1-8",
    ]);
  });

  it("ends where an exchange holds more than an inventory can tell", () => {
    const wide = Object.fromEntries(Array.from({ length: 600 }, (_, index) => [`k${index}`, index]));
    const lines = newOutlines().of(views(wide), undefined);
    assert.equal(lines.length, 513);
    assert.equal(lines.at(-1), "…\toverflow\t");
  });

  it("says the same of a body whatever came before it, also where that was too much to remember", () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    const outlines = newOutlines();
    const flood = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`${"k".repeat(80)}${index}`, { [`x${index}`]: [{ y: index }] }]),
    );
    fc.assert(
      fc.property(json, json, fc.boolean(), (before, body, floods) => {
        outlines.of(views(before), undefined);
        if (floods) outlines.of(views(flood), undefined);
        assert.deepEqual(outlines.of(views({ body }), undefined), newOutlines().of(views({ body }), undefined));
      }),
      { numRuns: 300 },
    );
  });
});
