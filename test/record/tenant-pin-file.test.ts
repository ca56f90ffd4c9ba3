import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { FaultsError } from "../../src/model/fault.js";
import { TenantPinFile } from "../../src/record/tenant-pin-file.js";

const ONE = "1".repeat(64);
const TWO = "2".repeat(64);

describe("TenantPinFile", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pins-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("learns the first value of a name and calls any other a mismatch, also after a restart", () => {
    const pins = TenantPinFile.open(folder);
    assert.deepEqual(pins.mismatches([{ name: "segment-write-key", hmac: ONE }]), []);
    assert.deepEqual(pins.learn([{ name: "segment-write-key", hmac: ONE }]), {
      names: ["segment-write-key"],
      durable: true,
      contradicted: [],
    });
    const again = TenantPinFile.open(folder);
    assert.deepEqual(again.mismatches([{ name: "segment-write-key", hmac: ONE }]), []);
    assert.deepEqual(again.mismatches([{ name: "segment-write-key", hmac: TWO }]), ["segment-write-key"]);
    assert.deepEqual(again.learn([{ name: "segment-write-key", hmac: TWO }]).names, []);
  });

  it("calls one exchange with two values of a name a mismatch before anything is learned", () => {
    const both = [ONE, TWO].map((hmac) => ({ name: "tid", hmac }));
    assert.deepEqual(TenantPinFile.open(folder).mismatches(both), ["tid"]);
  });

  it("keeps who confirmed a pin, and forgets one to learn anew", () => {
    const pins = TenantPinFile.open(folder);
    pins.learn([{ name: "tid", hmac: ONE }]);
    assert.equal(pins.confirm("tid", "dana"), true);
    assert.equal(TenantPinFile.open(folder).pins[0]?.confirmed?.by, "dana");
    assert.equal(pins.confirm("other", "dana"), false);
    assert.equal(pins.forget("tid"), true);
    assert.deepEqual(TenantPinFile.open(folder).mismatches([{ name: "tid", hmac: TWO }]), []);
  });

  it("holds a pin in memory where the folder takes nothing, and says so", () => {
    const pins = TenantPinFile.open(join(folder, "file", "below"));
    writeFileSync(join(folder, "file"), "no folder");
    assert.deepEqual(pins.learn([{ name: "tid", hmac: ONE }]), { names: ["tid"], durable: false, contradicted: [] });
    assert.deepEqual(pins.mismatches([{ name: "tid", hmac: TWO }]), ["tid"]);
  });

  it("holds what the settings state from the first request on, learns none of it, and lets the file say nothing else", () => {
    const stated = [`tid=${ONE}`];
    const fresh = TenantPinFile.open(folder, stated);
    assert.deepEqual(fresh.mismatches([{ name: "tid", hmac: TWO }]), ["tid"]);
    assert.deepEqual(fresh.learn([{ name: "tid", hmac: TWO }]), { names: [], durable: true, contradicted: [] });
    assert.deepEqual(fresh.mismatches([{ name: "tid", hmac: ONE }]), []);
    assert.deepEqual(fresh.learn([{ name: "other", hmac: TWO }]).names, ["other"]);
    assert.deepEqual(
      TenantPinFile.open(folder).pins.map(({ name }) => name),
      ["other"],
    );
    // A replica that had learned the stranger's before anybody stated ours.
    TenantPinFile.open(folder).learn([{ name: "tid", hmac: TWO }]);
    const late = TenantPinFile.open(folder, stated);
    assert.deepEqual(late.mismatches([{ name: "tid", hmac: TWO }]), ["tid"]);
    assert.deepEqual(late.mismatches([{ name: "tid", hmac: ONE }]), []);
  });

  it("refuses a file that it can't read, since a lost pin would let any account be the first", () => {
    writeFileSync(join(folder, "tenant-pins.json"), '{"pins": [{"name": "tid"}]}');
    assert.throws(() => TenantPinFile.open(folder), FaultsError);
    assert.match(readFileSync(join(folder, "tenant-pins.json"), "utf8"), /tid/);
  });
});
