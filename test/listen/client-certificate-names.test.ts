import assert from "node:assert/strict";
import { test } from "node:test";
import { nameOfCertificate } from "../../src/listen/client-certificate.js";

const NAMES: readonly (readonly [sentence: string, subject: string, names: string | undefined, is: string | undefined])[] = [
  ["its URI before its DNS name", "CN=a", "DNS:pod.internal, URI:spiffe://corp/ns/diffgram", "spiffe://corp/ns/diffgram"],
  ["its DNS name before its CN", "CN=a", "DNS:pod.internal", "pod.internal"],
  ["its CN where it has no other", "O=corp\nCN=a", undefined, "a"],
  ["its CN beside an address, which names a place", "CN=a", "IP Address:10.0.0.7", "a"],
  ["nobody by a name that passes for two", "CN=a", 'DNS:"b, DNS:c"', undefined],
  ["nobody by two CNs", "CN=a\nCN=b", undefined, undefined],
  ["nobody by a name with a space", "CN=a b", undefined, undefined],
  ["nobody by a URI that can't be an identity, whatever the CN says", "CN=a", "URI:spiffe://x y", undefined],
  ["nobody without any", "O=corp", undefined, undefined],
];

for (const [sentence, subject, subjectAltName, is] of NAMES) {
  test(`a certificate names ${sentence}`, () => assert.equal(nameOfCertificate({ subject, subjectAltName }), is));
}
