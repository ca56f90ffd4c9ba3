import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { canonicalHost } from "../../src/http/host.js";
import { judgeServerName } from "../../src/http/server-name.js";
import { parseAbsoluteForm, parseAuthority } from "../../src/http/target.js";
import { isRefusal } from "../../src/model/refusal.js";

/** A spelling and the one host that it means; undefined: refused. */
const HOSTS: readonly (readonly [why: string, text: string, host: string | undefined])[] = [
  ["a plain name", "app.diffgram.com", "app.diffgram.com"],
  ["upper case", "APP.Diffgram.COM", "app.diffgram.com"],
  ["one trailing dot", "app.diffgram.com.", "app.diffgram.com"],
  ["two trailing dots", "app.diffgram.com..", undefined],
  ["an empty label", "app..diffgram.com", undefined],
  ["a leading dot", ".diffgram.com", undefined],
  ["full-width letters, which UTS 46 maps to plain ones", "ａpp.diffgram.com", "app.diffgram.com"],
  ["an ideographic full stop for a dot", "app。diffgram.com", "app.diffgram.com"],
  ["a U-label", "bücher.example", "xn--bcher-kva.example"],
  ["an A-label", "xn--bcher-kva.example", "xn--bcher-kva.example"],
  ["an A-label that is no Punycode", "xn--\u0000.example", undefined],
  ["an A-label that no word is encoded by", "xn--a.example", undefined],
  ["an A-label that stands for a word in ASCII", "xn--abc-.example", undefined],
  ["an A-label of nothing", "xn--.example", undefined],
  ["an A-label whose word another label stands for", "xn--a-ecp.example", undefined],
  ["an A-label with a delimiter too many, whose word another label stands for", "xn---5ds.example", undefined],
  ["an A-label of a character that readers once mapped", "xn--strae-oqa.example", "xn--strae-oqa.example"],
  ["a Cyrillic look-alike, which is another name", "аpp.diffgram.com", "xn--pp-6kc.diffgram.com"],
  ["a percent-encoded letter, which URL would decode", "%61pp.diffgram.com", undefined],
  ["a tab, which URL would drop", "app\t.diffgram.com", undefined],
  ["user information", "app.diffgram.com@evil.example", undefined],
  ["a port", "app.diffgram.com:443", undefined],
  ["a path", "app.diffgram.com/x", undefined],
  ["a backslash", "app.diffgram.com\\x", undefined],
  ["a NUL", "app.diffgram.com\u0000.evil.example", undefined],
  ["nothing", "", undefined],
  ["IPv4 in decimal", "192.0.2.1", "192.0.2.1"],
  ["IPv4 as one number", "3221225985", "192.0.2.1"],
  ["IPv4 in octal", "0300.0.02.01", "192.0.2.1"],
  ["IPv4 in hexadecimal", "0xC0.0x0.0x2.0x1", "192.0.2.1"],
  ["IPv4 in short form", "127.1", "127.0.0.1"],
  ["IPv4 with a trailing dot", "127.0.0.1.", "127.0.0.1"],
  ["IPv4 with a number over 255", "256.0.0.1", undefined],
  ["IPv6 in long form", "[2001:0DB8:0:0:0:0:0:1]", "2001:db8::1"],
  ["IPv6 that maps an IPv4", "[::FFFF:127.0.0.1]", "::ffff:7f00:1"],
  ["IPv6 with a zone", "[fe80::1%25eth0]", undefined],
  ["IPv6 without brackets", "2001:db8::1", undefined],
  ["a label of 64 characters", `${"a".repeat(64)}.example`, undefined],
  ["a name of 254 characters", `${"a.".repeat(126)}aa`, undefined],
];

describe("canonicalHost", () => {
  for (const [why, text, expected] of HOSTS) {
    it(`reads ${why} as ${expected ?? "nothing"}`, () => {
      const host = canonicalHost(text);
      assert.equal(isRefusal(host) ? undefined : host.host, expected);
    });
  }

  it("is its own fixed point: a canonical host stays as it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.ipV4(), fc.string()), (text) => {
        const once = canonicalHost(text);
        if (isRefusal(once)) return;
        const again = canonicalHost(once.ip === 6 ? `[${once.host}]` : once.host);
        assert.deepEqual(again, once);
      }),
    );
  });
});

describe("parseAuthority", () => {
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ["a port", "api.segment.io:443", "api.segment.io 443"],
    ["no port where one must be", "api.segment.io", undefined],
    ["a port with a leading zero", "api.segment.io:0443", undefined],
    ["a port with a sign", "api.segment.io:+443", undefined],
    ["port 0", "api.segment.io:0", undefined],
    ["port 65536", "api.segment.io:65536", undefined],
    ["an empty port", "api.segment.io:", undefined],
    ["two ports", "api.segment.io:443:80", undefined],
    ["an IPv6 address and port", "[2001:db8::1]:8443", "2001:db8::1 8443"],
    ["text between bracket and port", "[2001:db8::1]x:443", undefined],
    ["no closing bracket", "[2001:db8::1:443", undefined],
  ];
  for (const [why, text, expected] of cases) {
    it(`reads ${why}`, () => {
      const target = parseAuthority(text, "https", undefined);
      assert.equal(isRefusal(target) ? undefined : `${target.host} ${target.port}`, expected);
    });
  }
});

describe("parseAbsoluteForm", () => {
  const cases: readonly (readonly [string, string, string | undefined])[] = [
    ["a URI", "http://a.example/x?y", "http a.example 80 /x?y"],
    ["no path", "http://a.example", "http a.example 80 /"],
    ["a query without path", "http://a.example?y", "http a.example 80 /?y"],
    ["upper-case scheme", "HTTPS://a.example/", "https a.example 443 /"],
    ["another scheme", "ftp://a.example/", undefined],
    ["user information", "http://u:p@a.example/", undefined],
    ["no authority", "http:///x", undefined],
    ["a star", "*", undefined],
    ["a backslash for a slash", "http:\\\\a.example/", undefined],
  ];
  for (const [why, text, expected] of cases) {
    it(`reads ${why}`, () => {
      const form = parseAbsoluteForm(text);
      assert.equal(
        isRefusal(form) ? undefined : `${form.target.scheme} ${form.target.host} ${form.target.port} ${form.originForm}`,
        expected,
      );
    });
  }
});

describe("judgeServerName", () => {
  const name = { scheme: "https", host: "app.diffgram.com", port: 443, ip: undefined } as const;
  const address = { scheme: "https", host: "192.0.2.1", port: 443, ip: 4 } as const;
  it("takes the target's own name in any case", () => assert.equal(judgeServerName("APP.diffgram.com", name), undefined));
  it("refuses another name", () => assert.equal(judgeServerName("api.segment.io", name)?.refused, "sni-mismatch"));
  it("refuses no name", () => assert.equal(judgeServerName(undefined, name)?.refused, "sni-missing"));
  it("takes no name where the target is an address", () => assert.equal(judgeServerName(undefined, address), undefined));
});
