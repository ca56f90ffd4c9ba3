import assert from "node:assert/strict";
import { test } from "node:test";
import { Scrapes } from "../../src/observe/scrapes.js";

test("who asks faster than a scraper gets the newest text, each format its own, and a text that failed is made again", async () => {
  let now = 0;
  let made = 0;
  let fails = false;
  const render = (contentType: string) => {
    made += 1;
    return fails ? Promise.reject(new Error("away")) : Promise.resolve({ contentType, body: String(made) });
  };
  const scrapes = new Scrapes({ render }, () => now);
  const ask = async (times: number, format: "prometheus" | "openmetrics" = "prometheus"): Promise<string | undefined> => {
    let last: { readonly contentType: string; readonly body: string } | undefined;
    for (let n = 0; n < times; n += 1) last = await scrapes.read(format);
    assert.equal(last?.contentType, format);
    return last?.body;
  };
  // The first of a format is always made.
  assert.equal(await ask(100), "51");
  assert.equal(await ask(100, "openmetrics"), "52");
  now += 500;
  assert.equal(await ask(100), "64");
  now += 100_000;
  assert.equal(await ask(100), "114");
  now += 100;
  fails = true;
  await assert.rejects(ask(1), /away/);
  fails = false;
  assert.equal(await ask(1), "116");
});
