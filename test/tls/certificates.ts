import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import * as der from "../../src/tls/der.js";
import * as extensions from "../../src/tls/extensions.js";
import { commonName } from "../../src/tls/leaf.js";
import { keyIdentifier, pem, signatureKind, signCertificate } from "../../src/tls/signature.js";

export const DAY = 86_400_000;

export type KeyKind = "rsa" | "short-rsa" | "P-256" | "P-384" | "P-521" | "ed25519";

export interface Made {
  readonly name: der.Node;
  readonly id: Uint8Array;
  readonly key: KeyObject;
  readonly keyPem: string;
  readonly pem: string;
}

export interface Wish {
  readonly name: string;
  readonly kind?: KeyKind;
  readonly issuer?: Made;
  readonly notBefore?: number;
  readonly notAfter?: number;
  readonly ca?: boolean;
  readonly usage?: "sign" | "none" | "digital-signature";
  /** Its subjectAltName; default none. */
  readonly dnsName?: string;
}

export function folder(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "egress-ca-"));
  context.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

export function install(dir: string, certificates: string, key: string, mode = 0o600): void {
  writeFileSync(join(dir, "ca.crt"), certificates);
  writeFileSync(join(dir, "ca.key"), key, { mode });
}

export function keyPair(kind: KeyKind): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === "rsa" || kind === "short-rsa") return generateKeyPairSync("rsa", { modulusLength: kind === "rsa" ? 2048 : 1024 });
  if (kind === "ed25519") return generateKeyPairSync("ed25519");
  return generateKeyPairSync("ec", { namedCurve: kind });
}

/** A certificate as an operator's own PKI might issue it. */
export async function certificate(wish: Wish): Promise<Made> {
  const { publicKey, privateKey } = keyPair(wish.kind ?? "P-256");
  const info = der.decode(publicKey.export({ type: "spki", format: "der" }));
  const id = keyIdentifier(info);
  const name = commonName(wish.name);
  const signer = wish.issuer?.key ?? privateKey;
  const kind = signatureKind(signer);
  if (kind === undefined) throw new Error("This key can't sign in a test.");
  const constraints = wish.ca === false ? der.sequence() : der.sequence(der.boolean(true));
  const usage = wish.usage ?? "sign";
  const signed = await signCertificate(
    {
      issuer: wish.issuer?.name ?? name,
      subject: name,
      notBefore: wish.notBefore ?? Date.now() - DAY,
      notAfter: wish.notAfter ?? Date.now() + 365 * DAY,
      publicKey: info,
      extensions: [
        der.sequence(der.oid(extensions.OIDS.basicConstraints), der.boolean(true), der.octets(constraints)),
        ...(usage === "none" ? [] : [usage === "sign" ? extensions.authorityUsage() : extensions.leafUsage()]),
        ...(wish.dnsName === undefined ? [] : [extensions.alternativeName({ kind: "dns", name: wish.dnsName }, false)]),
        extensions.subjectKeyIdentifier(id),
        extensions.authorityKeyIdentifier(wish.issuer?.id ?? id),
      ],
    },
    kind,
    signer,
  );
  return { name, id, key: privateKey, keyPem: privateKey.export({ type: "pkcs8", format: "pem" }).toString(), pem: pem(signed) };
}
