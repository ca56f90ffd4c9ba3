import { setTimeout as pause } from "node:timers/promises";
import { FaultsError } from "../model/fault.js";
import type { Logger } from "../model/ports.js";
import { day } from "./authority-check.js";
import { createAuthorityPair } from "./authority-creation.js";
import { authorityPaths, codeOf, createPair, exists } from "./authority-files.js";
import { otherCertificates, readPair } from "./authority-pair.js";
import type { Certificate } from "./certificate.js";
import { covers } from "./constraints.js";
import { type Issuer, type Leaf, mintLeaf } from "./leaf.js";
import { LeafHostError, leafName } from "./name.js";
import { pem, signatureKind } from "./signature.js";

/** The CA that signs leaf certificates. Its key stays inside: nothing here returns it. */
export interface Authority {
  /** The signing certificate. */
  readonly certificatePem: string;
  /** What clients are to trust: the signing CA with its chain, and during a rotation the next and the previous CA. */
  readonly bundlePems: readonly string[];
  /** Milliseconds since the epoch: the first end in the chain. */
  readonly expiresAt: number;
  /** SHA-256 of the signing certificate, hex. */
  readonly fingerprint: string;
  /** Whether this call created it. */
  readonly created: boolean;
  /** @throws LeafHostError */
  mint(host: string, now: number): Promise<Leaf>;
}

export interface AuthorityOptions {
  readonly dir: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly logger?: Logger;
  readonly createIfMissing: boolean;
  /** A CA that is created is limited to these hosts; one that is read is warned about where it doesn't cover them. */
  readonly nameConstraints?: readonly string[] | undefined;
}

const DAY = 86_400_000;
const WARN_DAYS = 30;

/** How long another process may take between creating the key and the certificate. */
const CREATION_MS = 2_000;

/**
 * Reads the CA of a folder, or creates it. May be called again at any time to reload.
 *
 * @throws FaultsError with every fault of the files
 */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const { dir, now, logger } = options;
  const paths = authorityPaths(dir);
  let created = false;
  if (options.createIfMissing && !(await exists(paths.certificate)) && !(await exists(paths.key))) {
    created = await createFiles(dir, now, options.nameConstraints);
  }
  await untilComplete(paths);
  const { chain, key } = await readPair(dir, now);
  const [certificate] = chain;
  const kind = signatureKind(key);
  if (certificate === undefined || kind === undefined) throw new Error("A checked CA must have a certificate and a key that signs.");
  const authority = assemble(certificate, chain, { key, kind }, await otherCertificates(dir), created);
  warn(authority, certificate, options, logger);
  return authority;
}

function assemble(
  certificate: Certificate,
  chain: readonly Certificate[],
  signer: Pick<Issuer, "key" | "kind">,
  others: readonly string[],
  created: boolean,
): Authority {
  const pems = chain.map((entry) => pem(entry.x509.raw));
  const expiresAt = Math.min(...chain.map((entry) => entry.notAfter));
  // A root in the handshake helps nobody: who doesn't trust it already won't for being sent it.
  const chainPem = pems.filter((_, index) => chain[index]?.selfIssued === false).join("");
  const issuer: Issuer = { certificate, ...signer, chainPem, notAfter: expiresAt };
  return {
    certificatePem: pem(certificate.x509.raw),
    bundlePems: [...new Set([...pems, ...others])],
    expiresAt,
    fingerprint: certificate.x509.fingerprint256.replaceAll(":", "").toLowerCase(),
    created,
    mint: (host, now) => mintLeaf(host, issuer, now),
  };
}

async function createFiles(dir: string, now: number, nameConstraints: readonly string[] | undefined): Promise<boolean> {
  const paths = authorityPaths(dir);
  try {
    return await createPair(dir, paths.certificate, paths.key, () => createAuthorityPair(now, nameConstraints));
  } catch (error) {
    if (error instanceof LeafHostError) throw error;
    const what = `The CA can't be created (${codeOf(error)}).`;
    throw new FaultsError("There is no CA to sign with:", [
      { what, where: dir, mend: "Name a folder that the proxy's user may write to (--certs)." },
    ]);
  }
}

/** While only the key is there, another process may be creating the pair: give it its moment. */
async function untilComplete(paths: ReturnType<typeof authorityPaths>): Promise<void> {
  for (let waited = 0; waited < CREATION_MS && (await exists(paths.key)) && !(await exists(paths.certificate)); waited += 20)
    await pause(20);
}

function warn(authority: Authority, certificate: Certificate, options: AuthorityOptions, logger: Logger | undefined): void {
  if (authority.created)
    logger?.info("created a CA", { dir: options.dir, fingerprint: authority.fingerprint, expires: day(authority.expiresAt) });
  const daysLeft = Math.floor((authority.expiresAt - options.now) / DAY);
  if (daysLeft < WARN_DAYS)
    logger?.warn("the CA expires soon; run: egress-proxy ca rotate", { daysLeft, expires: day(authority.expiresAt) });
  for (const host of options.nameConstraints ?? []) {
    if (covers(certificate.constraints, leafName(host))) continue;
    logger?.warn("the CA's name constraints don't cover a host; run: egress-proxy ca rotate --constrain", { host });
  }
}
