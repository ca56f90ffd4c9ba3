import type { Route } from "../model/policy.js";
import { type FaultSink, type Members, readMembers, readTexts } from "./tree-reader.js";

/** `sha256-` and 32 bytes in base64, as Subresource Integrity writes it. */
const DIGEST = /^sha256-[A-Za-z0-9+/]{43}=$/;

/** Reads a route's `script`: `watched`, or a map with the digests that alone may be served. */
export function readScript(members: Members, methods: readonly string[], what: string, faults: FaultSink): Route["script"] {
  const entry = members.get("script");
  if (entry === undefined) return undefined;
  if (methods.some((method) => method !== "GET")) {
    faults.push({
      where: entry.where,
      what: `${what} watches a script and takes other methods than GET.`,
      mend: "Give the script a route of its own.",
    });
  }
  if (entry.value.kind === "scalar" && entry.value.value === "watched") return { pinned: [] };
  if (entry.value.kind !== "map") {
    faults.push({
      where: entry.value.where,
      what: `${what}: script is neither watched nor a map.`,
      mend: "Write script: watched, or script: { pinned: [sha256-…] }.",
    });
    return undefined;
  }
  const inner = readMembers(entry.value, ["pinned"], `${what}: script`, faults);
  const pinned = readTexts(inner?.get("pinned")?.value, `${what}: script.pinned`, faults, (digest, where) => {
    if (DIGEST.test(digest)) return true;
    faults.push({
      where,
      what: `${what}: "${digest}" is no digest of a script.`,
      mend: "Copy it from `egress-proxy inventory list`: sha256- and 44 characters.",
    });
    return false;
  });
  if (inner !== undefined && !inner.has("pinned")) {
    faults.push({ where: entry.value.where, what: `${what}: script pins nothing.`, mend: "Write script: watched, or pinned: [sha256-…]." });
  }
  return { pinned };
}
