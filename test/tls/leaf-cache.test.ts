import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { type TestContext, test } from "node:test";
import { type Authority, openAuthority } from "../../src/tls/authority.js";
import { LeafCache } from "../../src/tls/leaf-cache.js";
import { LeafHostError } from "../../src/tls/name.js";
import { DAY, folder } from "./certificates.js";
import { handshake } from "./handshake.js";

interface Bench {
  readonly authority: Authority;
  readonly clock: { time: number; now(): number };
  readonly counted: { leaves: number };
  readonly cache: LeafCache;
}

async function bench(context: TestContext, max?: number): Promise<Bench> {
  const clock = { time: Date.now(), now: () => clock.time };
  const authority = await openAuthority({ dir: folder(context), now: clock.time, createIfMissing: true });
  const counted = { leaves: 0 };
  const metrics = {
    leafCertificate: () => {
      counted.leaves += 1;
    },
  };
  return { authority, clock, counted, cache: new LeafCache({ authority, clock, metrics, ...(max === undefined ? {} : { max }) }) };
}

test("concurrent first connections to one host mint one leaf, and the next one gets it at once", async (context) => {
  const { cache, counted } = await bench(context);
  const contexts = await Promise.all(Array.from({ length: 50 }, () => cache.contextFor("app.diffgram.com")));
  assert.equal(new Set(contexts).size, 1);
  assert.equal(counted.leaves, 1);
  assert.equal(cache.contextFor("app.diffgram.com"), contexts[0]);
});

test("5,000 hosts do not grow the cache past its bound", async (context) => {
  const { cache, counted } = await bench(context, 200);
  for (let index = 0; index < 5_000; index += 1) await cache.contextFor(`host-${index}.example`);
  assert.equal(counted.leaves, 5_000);
  assert.equal(cache.size, 200);
});

test("a leaf is renewed in the last third of its life, once for all who ask then", async (context) => {
  const { cache, clock, counted } = await bench(context);
  const first = await cache.contextFor("app.diffgram.com");
  clock.time += 58 * DAY;
  assert.equal(cache.contextFor("app.diffgram.com"), first);
  clock.time += 2 * DAY;
  const [second, third] = await Promise.all([cache.contextFor("app.diffgram.com"), cache.contextFor("app.diffgram.com")]);
  assert.notEqual(second, first);
  assert.equal(second, third);
  assert.equal(counted.leaves, 2);
});

test("a reload signs with the new CA, also where a leaf was being minted meanwhile", async (context) => {
  const { cache } = await bench(context);
  const next = await openAuthority({ dir: folder(context), now: Date.now(), createIfMissing: true });
  const early = cache.contextFor("app.diffgram.com");
  cache.useAuthority(next);
  await early;
  const seen = await handshake(await cache.contextFor("app.diffgram.com"), [], {
    ca: [next.certificatePem],
    servername: "app.diffgram.com",
  });
  assert.equal(seen.peer.issuerCertificate.fingerprint256.replaceAll(":", "").toLowerCase(), next.fingerprint);
});

const REFUSED: Readonly<Record<string, string>> = {
  "an empty name": "",
  "upper case": "App.diffgram.com",
  "a trailing dot": "app.diffgram.com.",
  "a wildcard": "*.diffgram.com",
  "an empty label": "app..diffgram.com",
  "a NUL": "app.diffgram.com\0.evil.example",
  "a letter outside ASCII": "äpp.diffgram.com",
  "a label of 64 characters": `${"a".repeat(64)}.example`,
  "a name of more than 253 characters": `${"a.".repeat(127)}example`,
  "a port": "app.diffgram.com:443",
  brackets: "[2001:db8::1]",
  "a zone": "fe80::1%eth0",
  "a short address": "127.1",
  "an octal address": "0177.0.0.1",
  "a decimal address": "2130706433",
  "a hexadecimal address": "0x7f000001",
  "a slash": "app.diffgram.com/x",
  "a hyphen in front": "-app.diffgram.com",
};

for (const [what, host] of Object.entries(REFUSED)) {
  test(`${what} gets no certificate`, async (context) => {
    const { cache, counted } = await bench(context);
    await assert.rejects(async () => await cache.contextFor(host), LeafHostError);
    assert.equal(counted.leaves, 0);
    assert.equal(cache.size, 0);
  });
}

test("names, addresses and names too long for a common name are all verified by a TLS client", async (context) => {
  const { authority, cache } = await bench(context);
  const long = `${"a".repeat(60)}.${"b".repeat(60)}.example`;
  const cases = [
    ["app.diffgram.com", "DNS:app.diffgram.com", "app.diffgram.com"],
    ["under_score.example", "DNS:under_score.example", "under_score.example"],
    [long, `DNS:${long}`, undefined],
    ["127.0.0.1", "IP Address:127.0.0.1", "127.0.0.1"],
    ["2001:db8::1", "IP Address:2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ] as const;
  for (const [host, san, commonName] of cases) {
    const address = san.startsWith("IP");
    const seen = await handshake(await cache.contextFor(host), [], {
      ca: [authority.certificatePem],
      ...(address ? { host, servername: "" } : { servername: host }),
    });
    assert.equal(seen.peer.subjectaltname, san);
    assert.equal(seen.peer.subject?.CN, commonName);
    assert.deepEqual(seen.peer.ext_key_usage, ["1.3.6.1.5.5.7.3.1"]);
  }
});

test("serial numbers are positive, of 16 bytes, and never repeat", async (context) => {
  const { authority } = await bench(context);
  const serials = await Promise.all(
    Array.from(
      { length: 200 },
      async () => new X509Certificate((await authority.mint("a.example", Date.now())).certificatePem).serialNumber,
    ),
  );
  assert.equal(new Set(serials).size, 200);
  for (const serial of serials) assert.match(serial, /^[4-7][0-9A-F]{31}$/);
});

test("a leaf does not start before its CA, and is backdated for clocks that are behind", async (context) => {
  const { authority } = await bench(context);
  const now = Date.now();
  const early = await authority.mint("a.example", now);
  assert.ok(early.notBefore < now);
  const jumped = await authority.mint("a.example", now + DAY);
  assert.ok(jumped.notBefore < now, "minted while the proxy's clock is a day ahead, it is valid by everybody else's");
  const later = await authority.mint("a.example", now + 400 * DAY - 10 * DAY);
  assert.equal(later.notAfter, authority.expiresAt);
});

test("the protocol is chosen from the caller's list, and TLS 1.1 is refused", async (context) => {
  const { authority, cache } = await bench(context);
  const leaf = await cache.contextFor("app.diffgram.com");
  const client = { ca: [authority.certificatePem], servername: "app.diffgram.com" };
  assert.equal((await handshake(leaf, ["h2", "http/1.1"], { ...client, ALPNProtocols: ["h2", "http/1.1"] })).alpn, "h2");
  assert.equal((await handshake(leaf, ["http/1.1"], { ...client, ALPNProtocols: ["h2", "http/1.1"] })).alpn, "http/1.1");
  assert.equal((await handshake(leaf, ["http/1.1"], { ...client, maxVersion: "TLSv1.2" })).protocol, "TLSv1.2");
  const old = { ...client, minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
  await assert.rejects(handshake(leaf, ["http/1.1"], old));
});

for (const version of ["TLSv1.2", "TLSv1.3"] as const) {
  test(`a ${version} session is resumed for its host after eviction, and not for another host`, async (context) => {
    const { authority, cache } = await bench(context, 1);
    const client = { ca: [authority.certificatePem], minVersion: version, maxVersion: version };
    const first = await handshake(await cache.contextFor("a.example"), [], { ...client, servername: "a.example" });
    assert.equal(first.reused, false);
    assert.ok(first.session);
    await cache.contextFor("b.example");
    assert.equal(cache.size, 1);
    const again = await handshake(await cache.contextFor("a.example"), [], { ...client, servername: "a.example", session: first.session });
    assert.equal(again.reused, true);
    const other = await cache.contextFor("b.example");
    const attempt = await handshake(other, [], { ...client, servername: "b.example", session: first.session }).catch(() => undefined);
    assert.notEqual(attempt?.reused, true);
  });
}
