import { createPrivateKey, createPublicKey, generateKeyPair } from "node:crypto";
import { promisify } from "node:util";
import type { Pair } from "./authority-files.js";
import * as der from "./der.js";
import * as extensions from "./extensions.js";
import { commonName } from "./leaf.js";
import { leafName } from "./name.js";
import { keyIdentifier, pem, signatureKind, signCertificate } from "./signature.js";

const HOUR = 3_600_000;

/** Months that a CA of our own making is valid: a year, and one to rotate in. */
const MONTHS = 13;

/**
 * Makes a self-signed CA: P-256, path length 0, and its own name each time, so that a rotation never has two CAs of one name.
 *
 * @param nameConstraints hosts that the CA is limited to; undefined or empty for no limit
 * @throws LeafHostError for a host in no canonical spelling
 */
export async function createAuthorityPair(now: number, nameConstraints: readonly string[] | undefined): Promise<Pair> {
  const constrained = (nameConstraints ?? []).map((host) => leafName(host));
  const pair = await promisify(generateKeyPair)("ec", {
    namedCurve: "prime256v1",
    publicKeyEncoding: { type: "spki", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const key = createPrivateKey(pair.privateKey);
  const kind = signatureKind(key);
  if (kind === undefined) throw new Error("A P-256 key must be able to sign.");
  const publicKey = der.decode(createPublicKey(key).export({ type: "spki", format: "der" }));
  const id = keyIdentifier(publicKey);
  const name = commonName(`Diffgram egress proxy CA ${Buffer.from(id).toString("hex", 0, 4)}`, "diffgram-egress-proxy");
  const certificate = await signCertificate(
    {
      issuer: name,
      subject: name,
      notBefore: now - HOUR,
      notAfter: new Date(now).setUTCMonth(new Date(now).getUTCMonth() + MONTHS),
      publicKey,
      extensions: [
        extensions.authorityConstraints(),
        extensions.authorityUsage(),
        extensions.subjectKeyIdentifier(id),
        extensions.authorityKeyIdentifier(id),
        ...(constrained.length === 0 ? [] : [extensions.nameConstraints(constrained)]),
      ],
    },
    kind,
    key,
  );
  return { certificatePem: pem(certificate), keyPem: pair.privateKey };
}
