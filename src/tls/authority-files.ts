import { randomUUID } from "node:crypto";
import { access, mkdir, open, readFile, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import type { Fault } from "../model/fault.js";

/** Where CA material lies in the folder that `--certs` names. `next` is staged by a rotation, `previous` is trusted still. */
export function authorityPaths(dir: string): {
  readonly [name in "certificate" | "key" | "nextCertificate" | "nextKey" | "previous"]: string;
} {
  return {
    certificate: join(dir, "ca.crt"),
    key: join(dir, "ca.key"),
    nextCertificate: join(dir, "ca.next.crt"),
    nextKey: join(dir, "ca.next.key"),
    previous: join(dir, "ca.previous.crt"),
  };
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

export type Read = { readonly text: string } | { readonly fault: Fault };

/** Reads a certificate file; a fault where it can't be read. */
export async function readCertificateFile(path: string): Promise<Read> {
  try {
    return { text: await readFile(path, "utf8") };
  } catch (error) {
    return {
      fault: {
        what: `The certificate file can't be read (${codeOf(error)}).`,
        where: path,
        mend: "Give the proxy's user the right to read it.",
      },
    };
  }
}

/** Reads a private key; a fault where it can't be read, or where others than its owner and group can. */
export async function readKeyFile(path: string): Promise<Read> {
  try {
    const file = await open(path, "r");
    try {
      // Mode and text of the same open file: nothing can be swapped in between.
      const { mode } = await file.stat();
      const text = await file.readFile("utf8");
      if ((mode & 0o007) === 0) return { text };
      const what = `Others than its owner and group can use the private key (mode ${(mode & 0o777).toString(8).padStart(4, "0")}).`;
      return { fault: { what, where: path, mend: `Run: chmod o-rwx ${path} (and replace the CA if someone may have read the key).` } };
    } finally {
      await file.close();
    }
  } catch (error) {
    return {
      fault: {
        what: `The private key can't be read (${codeOf(error)}).`,
        where: path,
        mend: "Give the proxy's user the right to read it.",
      },
    };
  }
}

export interface Pair {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/**
 * Writes a new pair, of which either both files or none are to be used. Of two processes at once, the one that creates the key file
 * wins; the certificate appears last, whole, and says that the pair is complete.
 *
 * @returns false where another process was first: its pair is to be read instead.
 */
export async function createPair(dir: string, certificatePath: string, keyPath: string, pair: () => Promise<Pair>): Promise<boolean> {
  await mkdir(dir, { recursive: true });
  const made = await pair();
  try {
    const file = await open(keyPath, "wx", 0o600);
    try {
      await file.writeFile(made.keyPem);
      await file.sync();
    } catch (error) {
      await unlink(keyPath).catch(() => undefined);
      throw error;
    } finally {
      await file.close();
    }
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
  try {
    await replaceFile(dir, certificatePath, made.certificatePem);
  } catch (error) {
    // A key alone would look like a lost certificate at the next start.
    await unlink(keyPath).catch(() => undefined);
    throw error;
  }
  return true;
}

/** Puts a whole file in a path's place, so that a reader sees the old text or the new one. */
export async function replaceFile(dir: string, path: string, text: string): Promise<void> {
  const draft = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(draft, "wx", 0o644);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
  await syncFolder(dir);
}

/** Makes renames durable; some file systems know no sync of a folder, and there is nothing more to do on those. */
export async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, "r").catch(() => undefined);
  await folder?.sync().catch(() => undefined);
  await folder?.close();
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
}
