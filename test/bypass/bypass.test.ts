import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { CASE_FILES, isTwin, ownDestination, ownDestinations, runCase } from "./attack.js";
import { Worlds } from "./rig.js";
import { MARKER } from "./specimen.js";

/**
 * Every known way around a proxy, as data, against one real proxy and one real vendor over real sockets and TLS. A case's first duty is
 * that nothing of it reaches the vendor; its second, that the proxy says why; and each class has twins that must pass, so that a proxy
 * which refuses everything fails here too.
 */

const worlds = new Worlds(ownDestinations());

before(async () => {
  for (const world of ["usual", "quotas", "limited", "sla", "monitored", "crowded", "brief", "lives"] as const) await worlds.of(world);
});

after(async () => {
  await worlds.close();
});

for (const [fileIndex, { name: fileName, title, number, cases }] of CASE_FILES.entries()) {
  describe(`class ${number}, ${title} (${fileName})`, () => {
    for (const [index, attack] of cases.entries()) {
      it(attack.name, async () => {
        await runCase(worlds, attack, ownDestination(attack, fileIndex, index));
      });
    }
  });
}

describe("all classes together", () => {
  it("brought nothing marked to the vendor, and no message that could be read in two ways", async () => {
    await pause(100);
    for (const { vendor } of await worlds.all()) {
      assert.equal(Buffer.concat(vendor.raw).includes(MARKER), false);
      assert.deepEqual(vendor.problems, []);
    }
  });

  it("hold twelve ideas and two twins a class at least", () => {
    for (const { name, cases } of CASE_FILES) {
      const ideas = new Set(cases.filter((attack) => !isTwin(attack)).map((attack) => attack.idea));
      assert.ok(ideas.size >= 12, `${name} holds ${ideas.size} ideas.`);
      assert.ok(cases.filter(isTwin).length >= 2, `${name} has no two twins.`);
    }
  });
});
