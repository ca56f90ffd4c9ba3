import type { KeyObject } from "node:crypto";
import { type Fault, FaultsError } from "../model/fault.js";
import { judgeChain, parseChain, parseKey } from "./authority-check.js";
import { authorityPaths, exists, readCertificateFile, readKeyFile } from "./authority-files.js";
import type { Certificate } from "./certificate.js";
import { pem } from "./signature.js";

export interface ReadPair {
  readonly chain: readonly Certificate[];
  readonly key: KeyObject;
}

/**
 * Reads the pair that signs.
 *
 * @throws FaultsError with every fault of both files
 */
export async function readPair(dir: string, now: number): Promise<ReadPair> {
  const paths = authorityPaths(dir);
  const first = await tryPair(paths.certificate, paths.key, now);
  if (!first.mismatch) return settled(first);
  // A promotion puts the key in place before the certificate: between the two, the staged certificate is the key's.
  const staged = (await exists(paths.nextCertificate)) ? await tryPair(paths.nextCertificate, paths.key, now) : undefined;
  if (staged !== undefined && !staged.mismatch) return settled(staged);
  return settled(await tryPair(paths.certificate, paths.key, now));
}

/** What reading a pair came to. */
export interface Attempt {
  readonly chain: readonly Certificate[];
  readonly key: KeyObject | undefined;
  readonly faults: readonly Fault[];
  /** Both can be read, and the key is not the certificate's. */
  readonly mismatch: boolean;
}

function settled(attempt: Attempt): ReadPair {
  if (attempt.key === undefined || attempt.faults.length > 0) throw new FaultsError("The CA can't sign leaf certificates:", attempt.faults);
  return { chain: attempt.chain, key: attempt.key };
}

/** Reads and judges a certificate and its key; every fault of both. */
export async function tryPair(certificatePath: string, keyPath: string, now: number): Promise<Attempt> {
  const faults: Fault[] = [];
  const [hasCertificate, hasKey] = [await exists(certificatePath), await exists(keyPath)];
  const mend = "Put both files there, or neither of them and run: egress-proxy ca init.";
  if (!hasCertificate) faults.push({ what: "The CA certificate is missing.", where: certificatePath, mend });
  if (!hasKey) faults.push({ what: "The CA's private key is missing.", where: keyPath, mend });
  let chain: readonly Certificate[] = [];
  if (hasCertificate) {
    const file = await readCertificateFile(certificatePath);
    if ("fault" in file) faults.push(file.fault);
    else {
      const parsed = parseChain(file.text, certificatePath);
      chain = parsed.chain;
      faults.push(...parsed.faults, ...judgeChain(chain, certificatePath, now));
    }
  }
  let key: KeyObject | undefined;
  if (hasKey) {
    const file = await readKeyFile(keyPath);
    const parsed = "fault" in file ? file : parseKey(file.text, keyPath);
    if ("fault" in parsed) faults.push(parsed.fault);
    else key = parsed.key;
  }
  const mismatch = key !== undefined && chain[0] !== undefined && !chain[0].x509.checkPrivateKey(key);
  if (mismatch) {
    faults.push({
      what: "The private key does not belong to the CA certificate.",
      where: keyPath,
      mend: `Put the key of ${certificatePath} there; its first certificate must be the one that signs.`,
    });
  }
  return { chain, key, faults, mismatch };
}

/** The next and the previous CA of a rotation, for the bundle. A file that can't be read is a fault: clients would stop trusting us later. */
export async function otherCertificates(dir: string): Promise<string[]> {
  const paths = authorityPaths(dir);
  const pems: string[] = [];
  for (const path of [paths.nextCertificate, paths.previous]) {
    if (!(await exists(path))) continue;
    const file = await readCertificateFile(path);
    if ("fault" in file) throw new FaultsError("The CA's rotation can't be read:", [file.fault]);
    const { chain, faults } = parseChain(file.text, path);
    if (faults.length > 0) throw new FaultsError("The CA's rotation can't be read:", faults);
    pems.push(...chain.map((entry) => pem(entry.x509.raw)));
  }
  return pems;
}
