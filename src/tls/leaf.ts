import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { Certificate } from "./certificate.js";
import { covers } from "./constraints.js";
import * as der from "./der.js";
import type { Node } from "./der.js";
import * as extensions from "./extensions.js";
import { LeafHostError, leafName } from "./name.js";
import { keyIdentifier, pem, type SignatureKind, signCertificate } from "./signature.js";

const DAY = 86_400_000;

/** Shorter than the 200 days that platforms have begun to refuse, long enough that a restart a quarter renews nothing under load. */
export const LEAF_DAYS = 90;

/**
 * Clients whose clock is behind, by a wrong time zone or a day, must not see a certificate from the future; nor those of a proxy whose own
 * clock jumped ahead while it was minted.
 */
const BACKDATED = 2 * DAY;

/** RFC 5280, appendix A.1: ub-common-name. */
const LONGEST_COMMON_NAME = 64;

export interface Leaf {
  /** The leaf, and after it the CA certificates that lead to the root, without the root itself. */
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The CA's part in a leaf. */
export interface Issuer {
  readonly certificate: Certificate;
  readonly key: KeyObject;
  readonly kind: SignatureKind;
  /** Certificates served after the leaf, PEM. */
  readonly chainPem: string;
  /** When the first certificate of the chain expires. */
  readonly notAfter: number;
}

/**
 * Makes a server certificate for one host: P-256, 90 days at most and never past its CA.
 *
 * @throws LeafHostError where the host is in no canonical spelling, or outside the CA's name constraints.
 */
export async function mintLeaf(host: string, issuer: Issuer, now: number): Promise<Leaf> {
  const name = leafName(host);
  if (!covers(issuer.certificate.constraints, name)) throw new LeafHostError("the CA's name constraints don't cover it");
  const leafKey = processKey();
  const named = name.name.length <= LONGEST_COMMON_NAME;
  const notBefore = Math.max(now - BACKDATED, issuer.certificate.notBefore);
  const notAfter = Math.min(now - BACKDATED + LEAF_DAYS * DAY, issuer.notAfter);
  const certificate = await signCertificate(
    {
      issuer: issuer.certificate.subject,
      subject: named ? commonName(name.name) : der.sequence(),
      notBefore,
      notAfter,
      publicKey: leafKey.info,
      extensions: [
        extensions.leafConstraints(),
        extensions.leafUsage(),
        extensions.serverAuthentication(),
        extensions.alternativeName(name, !named),
        extensions.subjectKeyIdentifier(leafKey.id),
        extensions.authorityKeyIdentifier(issuer.certificate.subjectKeyId),
      ],
    },
    issuer.kind,
    issuer.key,
  );
  return { certificatePem: pem(certificate) + issuer.chainPem, privateKeyPem: leafKey.pem, notBefore, notAfter };
}

export function commonName(text: string, organization?: string): Node {
  const attribute = (id: string, value: string): Node => der.set(der.sequence(der.oid(id), der.utf8(value)));
  const names = [attribute(extensions.OIDS.commonName, text)];
  if (organization !== undefined) names.unshift(attribute(extensions.OIDS.organizationName, organization));
  return der.sequence(...names);
}

interface LeafKey {
  readonly pem: string;
  readonly info: Node;
  readonly id: Uint8Array;
}

let key: LeafKey | undefined;

/** One key for all leaves of the process: it never leaves memory, and a key for each would only cost time. */
function processKey(): LeafKey {
  if (key === undefined) {
    const pair = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
    const info = der.decode(pair.publicKey.export({ type: "spki", format: "der" }));
    key = { pem: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(), info, id: keyIdentifier(info) };
  }
  return key;
}
