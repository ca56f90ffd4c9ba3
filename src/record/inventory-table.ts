import type { InventoryItem } from "../model/console-ports.js";
import { align } from "./text-table.js";

/** The inventory for a terminal: one line for each path, type and length class. */
export function inventoryTable(items: readonly InventoryItem[]): string {
  if (items.length === 0) return "Nothing.";
  const head = ["", "CASE", "DESTINATION", "PATH", "TYPE", "LENGTH", "TIMES", "FIRST SEEN (UTC)", "LAST SEEN (UTC)"];
  const rows = items.map((item) => [
    item.materialChange ? "NEW" : "",
    item.case,
    item.destination,
    item.path === "" ? "(the whole body)" : item.path,
    item.type,
    item.lengthClass,
    String(item.count),
    item.firstSeen.slice(0, 19).replace("T", " "),
    item.lastSeen.slice(0, 19).replace("T", " "),
  ]);
  return align([head, ...rows]);
}
