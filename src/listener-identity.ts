import { existsSync, readFileSync } from "node:fs";
import { X509Certificate } from "node:crypto";
import { type Fault, FaultsError } from "./model/fault.js";
import type { Authority } from "./tls/authority.js";

/** What a listener of our own proves itself by, and until when. */
interface ListenerIdentity {
  /** PEM, the chain behind it. */
  readonly cert: string;
  readonly key: string;
  /** Milliseconds since the epoch. */
  readonly renewAt: number;
}

interface IdentityWish {
  readonly name: string;
  readonly tls_cert: string;
  readonly tls_key: string;
}

/** A renewed file is taken within a day, or at a reload. */
const FILE_MS = 86_400_000;

/**
 * The operator's own certificate and key where both are named, else a leaf for the listener's name by the proxy's CA.
 *
 * @param section where the settings name them: `support`, `proxy_tls`
 * @throws FaultsError where one of the two is left out, or either can't be used
 */
export async function listenerIdentity(
  section: string,
  wish: IdentityWish,
  mint: Authority["mint"],
  now: number,
): Promise<ListenerIdentity> {
  const { tls_cert: certFile, tls_key: keyFile } = wish;
  if (certFile === "off" && keyFile === "off") {
    const leaf = await mint(wish.name, now);
    return { cert: leaf.certificatePem, key: leaf.privateKeyPem, renewAt: now + ((leaf.notAfter - now) * 2) / 3 };
  }
  const faults: Fault[] = [];
  const cert = readPem(`${section}.tls_cert`, certFile, "CERTIFICATE", faults);
  const key = readPem(`${section}.tls_key`, keyFile, "PRIVATE KEY", faults);
  if (faults.length > 0) throw new FaultsError("A listener's certificate can't be used.", faults);
  return { cert, key, renewAt: now + FILE_MS };
}

/**
 * The CAs whose certificates let clients in, as PEM.
 *
 * @param where the setting that names the files
 * @throws FaultsError naming every file that can't be used
 */
export function readClientCas(where: string, files: readonly string[]): string[] {
  const faults: Fault[] = [];
  const pems = files.map((file) => readPem(where, file, "CERTIFICATE", faults));
  if (faults.length > 0) throw new FaultsError("The CAs of clients can't be used.", faults);
  return pems;
}

function readPem(where: string, file: string, what: "CERTIFICATE" | "PRIVATE KEY", faults: Fault[]): string {
  const named = what === "CERTIFICATE" ? "certificate" : "key";
  const fault = (said: string): string => {
    faults.push({ where: `${where}: ${file}`, what: said, mend: `Name a PEM file that holds the ${named}.` });
    return "";
  };
  if (file === "off") return fault("Certificate and key belong together, and this one is off.");
  let text: string;
  try {
    text = existsSync(file) ? readFileSync(file, "utf8") : "";
  } catch {
    return fault("The file can't be read.");
  }
  if (!new RegExp(`-----BEGIN (?:[A-Z]+ )?${what}-----`).test(text)) return fault(`The file is not there, or holds no ${named} in PEM.`);
  try {
    if (what === "CERTIFICATE") new X509Certificate(text);
    return text;
  } catch {
    return fault("The file's certificate can't be read.");
  }
}
