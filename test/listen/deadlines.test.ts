import assert from "node:assert/strict";
import { test } from "node:test";
import { played } from "../support/installation.js";
import { eventually, problemOf, stageFor } from "../support/running-proxy.js";

const visit = played("clean-page-visit");

test("an exchange that the vendor never ends is ended by upstream.total_ms: before the answer in words, within it by a cut", async (context) => {
  let drip = false;
  const stage = await stageFor(context, {
    settings: { upstream: { total_ms: 400 } },
    answer: (request, response) => {
      if (request.path !== visit.path) return;
      if (!drip) return;
      response.writeHead(200, { "Content-Type": "text/plain" });
      const timer = setInterval(() => response.write("."), 20);
      response.once("close", () => clearInterval(timer));
    },
  });
  await eventually("the proxy is warm, and the vendor late", async () => (await stage.post(visit)).status === 504);
  assert.equal(problemOf(await stage.post(visit)).code, "upstream-timeout");
  drip = true;
  await assert.rejects(stage.post(visit));
});
