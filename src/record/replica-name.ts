import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { readOrCreateKey } from "./key-file.js";

/** This writer's name in the chain, `replica` in the data folder, made up at first use. Throws FaultsError where the folder can't be used. */
export function readReplicaName(dataDir: string): string {
  return readOrCreateKey(join(dataDir, "replica"), newReplica).toString("utf8").trim();
}

function newReplica(): Buffer {
  const host = hostname()
    .replace(/[^\w-]/g, "-")
    .slice(0, 40);
  return Buffer.from(`${host}-${randomBytes(4).toString("hex")}\n`);
}
