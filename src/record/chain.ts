import { canonicalJson, sha256 } from "./canonical.js";

/** What an entry of the chain tells. Records and incidents are projections of these and nothing else. */
export const ENTRY_KINDS = ["transfer", "occurrence", "status", "prune", "evidence", "access"] as const;

export type EntryKind = (typeof ENTRY_KINDS)[number];

/** One link. `body` is canonical JSON, and null once pruned: the link holds without it, since the hash covers its digest. */
export interface Entry {
  readonly replica: string;
  /** From 1, without gaps, for each replica. */
  readonly seq: number;
  /** Unique over all replicas: what makes a second write of the same entry harmless. */
  readonly id: string;
  readonly kind: EntryKind;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** The record it belongs to; "" for a prune tombstone. */
  readonly record: string;
  readonly body: string | null;
  /** SHA-256 of `body` as it was written. */
  readonly digest: string;
  readonly prev: string;
  readonly hash: string;
}

/** The hash that a replica's first entry follows. */
export function genesis(replica: string): string {
  return sha256(canonicalJson(["egress-chain/1", replica]));
}

/** An entry's hash covers everything in it and, through `prev`, everything before it. */
export function entryHash(entry: Omit<Entry, "hash" | "body">): string {
  const { replica, seq, id, kind, at, record, digest, prev } = entry;
  return sha256(canonicalJson(["egress-entry/1", replica, seq, id, kind, at, record, digest, prev]));
}

/** Links `draft` behind the entry whose sequence number and hash are given. */
export function link(
  draft: { readonly id: string; readonly kind: EntryKind; readonly at: number; readonly record: string; readonly body: string },
  head: { readonly replica: string; readonly seq: number; readonly hash: string },
): Entry {
  const { id, kind, at, record, body } = draft;
  const entry = { replica: head.replica, seq: head.seq + 1, id, kind, at, record, body, digest: sha256(body), prev: head.hash, hash: "" };
  entry.hash = entryHash(entry);
  return entry;
}
