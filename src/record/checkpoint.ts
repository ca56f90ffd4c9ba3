import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { join } from "node:path";
import { readOrCreateKey } from "./key-file.js";

/** Says that a replica's chain stood at this entry at that time. */
export interface Checkpoint {
  readonly replica: string;
  readonly seq: number;
  readonly hash: string;
  readonly at: number;
  /** Ed25519 public key, SPKI DER in base64url. */
  readonly key: string;
  /** As it goes into logs and off the host: one word that survives inside any line. */
  readonly line: string;
}

const LINE = /egress-checkpoint\.1\.([\w-]+)\.(\d+)\.([0-9a-f]{64})\.(\d+)\.([\w-]+)\.([\w-]+)/g;

export class CheckpointKey {
  readonly #key: KeyObject;
  /** SPKI DER in base64url. */
  readonly publicKey: string;

  private constructor(key: KeyObject) {
    this.#key = key;
    this.publicKey = createPublicKey(key).export({ type: "spki", format: "der" }).toString("base64url");
  }

  /** Opens `checkpoint.key` in the data folder (Ed25519, PKCS#8 PEM, mode 0600), created at first use. Throws FaultsError. */
  static open(dataDir: string): CheckpointKey {
    const pem = readOrCreateKey(join(dataDir, "checkpoint.key"), () =>
      Buffer.from(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" })),
    );
    return new CheckpointKey(createPrivateKey(pem));
  }

  sign(replica: string, seq: number, hash: string, at: number): Checkpoint {
    const signed = `egress-checkpoint.1.${Buffer.from(replica).toString("base64url")}.${seq}.${hash}.${at}.${this.publicKey}`;
    const line = `${signed}.${sign(null, Buffer.from(signed), this.#key).toString("base64url")}`;
    return { replica, seq, hash, at, key: this.publicKey, line };
  }
}

/** Every checkpoint in a text, such as a log; those whose signature does not hold are left out and counted. */
export function findCheckpoints(text: string): { readonly checkpoints: readonly Checkpoint[]; readonly forged: number } {
  const checkpoints: Checkpoint[] = [];
  let forged = 0;
  for (const [line, replica, seq, hash, at, key, signature] of text.matchAll(LINE)) {
    if (
      replica === undefined ||
      seq === undefined ||
      hash === undefined ||
      at === undefined ||
      key === undefined ||
      signature === undefined
    )
      continue;
    if (!holds(line.slice(0, line.length - signature.length - 1), key, signature)) {
      forged += 1;
      continue;
    }
    checkpoints.push({ replica: Buffer.from(replica, "base64url").toString(), seq: Number(seq), hash, at: Number(at), key, line });
  }
  return { checkpoints, forged };
}

/** What people compare: the first 16 hex digits of the key's SHA-256. */
export function fingerprint(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 16);
}

function holds(signed: string, key: string, signature: string): boolean {
  try {
    const publicKey = createPublicKey({ key: Buffer.from(key, "base64url"), type: "spki", format: "der" });
    return publicKey.asymmetricKeyType === "ed25519" && verify(null, Buffer.from(signed), publicKey, Buffer.from(signature, "base64url"));
  } catch {
    return false;
  }
}
