import assert from "node:assert/strict";
import { duplexPair } from "node:stream";
import { test } from "node:test";
import { ByteReader } from "../../src/listen/byte-reader.js";

test("past its deadline nothing is waited for, so that a client can't hold on by bytes that keep coming", async () => {
  const [client, server] = duplexPair();
  const reader = new ByteReader(server);
  client.write("ab");
  assert.equal(await reader.more(Date.now()), "late");
  assert.equal(await reader.more(Date.now() - 1_000), "late");
  assert.equal(await reader.more(Date.now() + 10_000), undefined);
  assert.equal(reader.take(2).toString(), "ab");
});
