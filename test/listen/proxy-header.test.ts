import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { eventually, stageFor } from "../support/running-proxy.js";
import { Wire } from "../support/wire.js";

test("a trusted source introduces its client, which the record names; without a header it gets nothing", async (context) => {
  const stage = await stageFor(context, { settings: { proxy_protocol: { trusted: ["127.0.0.1"] } } });
  const introduced = await Wire.open(stage.port);
  const ask = "GET http://nowhere.example/ HTTP/1.1\r\nHost: nowhere.example\r\n\r\n";
  const answer = await introduced.send(`PROXY TCP4 203.0.113.7 127.0.0.1 4711 3128\r\n${ask}`).answer();
  assert.equal(answer.status, 403);
  await eventually("the record names the client", async () => (await stage.records()).some((record) => record.client === "203.0.113.7"));
  const bare = await Wire.open(stage.port);
  bare.send(ask);
  assert.equal((await bare.rest()).length, 0);
});

test("from a source that nobody trusts a PROXY header is no HTTP", async (context) => {
  const stage = await stageFor(context, { settings: { proxy_protocol: { trusted: ["127.0.0.1"] } } });
  const other = new Wire(connect({ host: "127.0.0.1", port: stage.port, localAddress: "127.0.0.8" }));
  const answer = await other.send("PROXY TCP4 203.0.113.7 127.0.0.1 4711 3128\r\nGET http://nowhere.example/ HTTP/1.1\r\n\r\n").answer();
  assert.equal(answer.status, 403);
});
