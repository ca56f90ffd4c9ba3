import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { isFirstName, isLastName } from "../../src/inspect/validators/name-lists.js";

describe("the name lists", () => {
  it("are what the installed @faker-js/faker gives", () => {
    const { status, stderr } = spawnSync(process.execPath, ["scripts/name-lists.mjs", "--check"], { encoding: "utf8" });
    assert.equal(stderr, "");
    assert.equal(status, 0);
  });

  it("know names of several languages, with accents and capitals or without", () => {
    for (const name of ["Dana", "José", "jose", "Łukasz", "Иван"]) assert.ok(isFirstName(name), name);
    for (const name of ["Müller", "MULLER", "Nguyễn", "Kowalski"]) assert.ok(isLastName(name), name);
    for (const word of ["worker", "timeout", "", "frame"]) assert.ok(!isFirstName(word) && !isLastName(word), word);
  });
});
