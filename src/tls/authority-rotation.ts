import { readFile, rename, unlink } from "node:fs/promises";
import { type Fault, FaultsError } from "../model/fault.js";
import { judgeChain, parseChain } from "./authority-check.js";
import { createAuthorityPair } from "./authority-creation.js";
import { authorityPaths, createPair, exists, readCertificateFile, replaceFile, syncFolder } from "./authority-files.js";
import { tryPair } from "./authority-pair.js";
import type { Certificate } from "./certificate.js";
import { constrainedHosts, explainConstraints } from "./constraints.js";

/*
 * A rotation has three steps, between which the operator hands the bundle to the clients:
 *   stage    ca.next.* is made; the bundle holds it, and the old CA goes on signing
 *   promote  ca.next.* becomes ca.*; the old certificate stays in the bundle as ca.previous.crt, its key is gone
 *   retire   ca.previous.crt goes
 */

/**
 * Makes the next CA beside the one that signs.
 *
 * @param nameConstraints hosts; undefined: as the signing CA is constrained
 * @throws FaultsError where one is staged already, or the signing CA can't be read
 * @throws LeafHostError for a host in no canonical spelling
 */
export async function stageAuthority(dir: string, now: number, nameConstraints: readonly string[] | undefined): Promise<void> {
  const paths = authorityPaths(dir);
  const hosts = nameConstraints ?? (await currentConstraints(paths.certificate));
  const staged: Fault = {
    what: "A next CA is staged already.",
    where: paths.nextCertificate,
    mend: "Promote it (egress-proxy ca rotate --promote), or remove ca.next.crt and ca.next.key.",
  };
  if ((await exists(paths.nextCertificate)) || (await exists(paths.nextKey))) throw new FaultsError("Nothing was staged:", [staged]);
  const made = await createPair(dir, paths.nextCertificate, paths.nextKey, () => createAuthorityPair(now, hosts));
  if (!made) throw new FaultsError("Nothing was staged:", [staged]);
}

async function currentConstraints(path: string): Promise<string[] | undefined> {
  const { chain, faults } = await readChain(path);
  if (faults.length > 0) throw new FaultsError("There is no CA to follow:", faults);
  const constraints = chain[0]?.constraints;
  if (constraints === undefined) return undefined;
  const hosts = constrainedHosts(constraints);
  if (hosts !== undefined) return hosts;
  const what = "The signing CA's name constraints hold more than a list of hosts, so they can't be copied.";
  throw new FaultsError("Nothing was staged:", [
    { what, where: path, mend: "Name the hosts (--constrain HOST), or have your own CA reissued." },
  ]);
}

/**
 * Lets the staged CA sign. A promotion that was cut short is finished by calling it again; the proxy can start at any moment between.
 *
 * @throws FaultsError where no next CA is staged, or it can't sign now
 */
export async function promoteAuthority(dir: string, now: number): Promise<void> {
  const paths = authorityPaths(dir);
  if (!(await exists(paths.nextCertificate))) {
    const mend = "Stage one first: egress-proxy ca rotate.";
    throw new FaultsError("Nothing was promoted:", [{ what: "No next CA is staged.", where: paths.nextCertificate, mend }]);
  }
  // Without a staged key an earlier promotion moved it already; then the key in place must be the staged certificate's.
  const moved = !(await exists(paths.nextKey));
  const next = await tryPair(paths.nextCertificate, moved ? paths.key : paths.nextKey, now);
  if (next.faults.length > 0) throw new FaultsError("Nothing was promoted:", next.faults);
  if (await exists(paths.certificate)) await replaceFile(dir, paths.previous, await readFile(paths.certificate, "utf8"));
  if (!moved) await rename(paths.nextKey, paths.key);
  await syncFolder(dir);
  await rename(paths.nextCertificate, paths.certificate);
  await syncFolder(dir);
}

/**
 * Takes the previous CA out of the bundle.
 *
 * @returns false where there was none
 */
export async function retirePrevious(dir: string): Promise<boolean> {
  const { previous } = authorityPaths(dir);
  if (!(await exists(previous))) return false;
  await unlink(previous);
  await syncFolder(dir);
  return true;
}

export interface AuthorityDescription {
  readonly role: "signing" | "next" | "previous";
  readonly file: string;
  readonly subject: string;
  readonly issuer: string;
  readonly fingerprintSha256: string;
  /** Kind and size: `ec prime256v1`, `rsa 2048`. */
  readonly key: string;
  /** RFC 3339. */
  readonly notBefore: string;
  readonly notAfter: string;
  /** Negative once expired. */
  readonly daysLeft: number;
  readonly constraints: readonly string[];
  /** Certificates that the file holds after the first. */
  readonly chain: number;
}

/** Describes every CA of the folder, expired ones too, and the faults of the one that signs. Reads no key but to check it. */
export async function describeAuthorities(
  dir: string,
  now: number,
): Promise<{ readonly authorities: readonly AuthorityDescription[]; readonly faults: readonly Fault[] }> {
  const paths = authorityPaths(dir);
  const roles = [
    ["signing", paths.certificate],
    ["next", paths.nextCertificate],
    ["previous", paths.previous],
  ] as const;
  const authorities: AuthorityDescription[] = [];
  const faults: Fault[] = [...(await tryPair(paths.certificate, paths.key, now)).faults];
  for (const [role, file] of roles) {
    if (!(await exists(file))) continue;
    const read = await readChain(file);
    if (role !== "signing") faults.push(...read.faults, ...(role === "next" ? judgeChain(read.chain, file, now) : []));
    const [first] = read.chain;
    if (first !== undefined) authorities.push(describe(role, file, first, read.chain.length - 1, now));
  }
  return { authorities, faults };
}

async function readChain(path: string): Promise<ReturnType<typeof parseChain>> {
  const file = await readCertificateFile(path);
  return "fault" in file ? { chain: [], faults: [file.fault] } : parseChain(file.text, path);
}

function describe(
  role: AuthorityDescription["role"],
  file: string,
  certificate: Certificate,
  chain: number,
  now: number,
): AuthorityDescription {
  const { x509 } = certificate;
  const details = x509.publicKey.asymmetricKeyDetails;
  const oneLine = (name: string): string => name.split("\n").join(", ");
  return {
    role,
    file,
    subject: oneLine(x509.subject),
    issuer: oneLine(x509.issuer),
    fingerprintSha256: x509.fingerprint256,
    key: `${x509.publicKey.asymmetricKeyType ?? "unknown"} ${details?.namedCurve ?? details?.modulusLength ?? ""}`.trim(),
    notBefore: new Date(certificate.notBefore).toISOString(),
    notAfter: new Date(certificate.notAfter).toISOString(),
    daysLeft: Math.floor((certificate.notAfter - now) / 86_400_000),
    constraints: certificate.constraints === undefined ? [] : explainConstraints(certificate.constraints),
    chain,
  };
}
