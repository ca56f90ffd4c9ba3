import type { Tree, TreeEntry } from "./yaml-tree.js";

/**
 * Lays one file over another: maps are joined member by member, lists are appended, anything else is replaced. Each value keeps the place
 * where it was written, so that a fault points into the overlay and not into the policy.
 */
export function layOver(base: Tree, overlay: Tree): Tree {
  if (base.kind === "map" && overlay.kind === "map") {
    const entries = new Map<string, TreeEntry>(base.entries.map((entry) => [entry.key, entry]));
    for (const entry of overlay.entries) {
      const below = entries.get(entry.key);
      entries.set(entry.key, below === undefined ? entry : { ...entry, value: layOver(below.value, entry.value) });
    }
    return { kind: "map", where: base.where, entries: [...entries.values()] };
  }
  if (base.kind === "list" && overlay.kind === "list") return { ...base, items: [...base.items, ...overlay.items] };
  return overlay;
}
