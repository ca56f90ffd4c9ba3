import assert from "node:assert/strict";
import { test } from "node:test";
import { tlsFailureReason } from "../../src/listen/tls-failure.js";

/* Codes as OpenSSL 3 and Node spell them, and the word that the metric has for each. */

for (const [code, is] of [
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "client-distrusts-ca"],
  ["ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN", "client-distrusts-ca"],
  ["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", "client-distrusts-ca"],
  ["ERR_SSL_UNSUPPORTED_PROTOCOL", "protocol"],
  ["ERR_SSL_NO_SHARED_CIPHER", "cipher"],
  ["ECONNRESET", "reset"],
  ["EPIPE", "reset"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "other"],
] as const) {
  test(`${code} is told as ${is}`, () => assert.equal(tlsFailureReason(Object.assign(new Error("x"), { code })), is));
}

test("an error without a code, or with one that is no text, is told as other", () => {
  assert.equal(tlsFailureReason(new Error("PROTOCOL")), "other");
  assert.equal(tlsFailureReason(Object.assign(new Error("x"), { code: 7 })), "other");
});
