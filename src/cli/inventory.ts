import type { Command } from "commander";
import { Option } from "commander";
import type { InventoryItem } from "../model/console-ports.js";
import { inventoryTable } from "../record/inventory-table.js";
import { print, reading, type StoreFlags, stored } from "./record-flags.js";

interface ListFlags extends StoreFlags {
  readonly case?: string;
  readonly format: "table" | "json" | "ndjson";
}

/** `egress-proxy inventory`: what has left the building, as paths, types and lengths, never values. */
export function addInventoryCommand(program: Command): void {
  const inventory = program.command("inventory").description("what has left the building: paths, types and length classes, never values");
  listing(inventory.command("list"), false).description("everything, by case, destination and path");
  listing(inventory.command("changes"), true).description(
    "what was seen for the first time and nobody has accepted; exit 1 where there is any",
  );
  stored(inventory.command("accept"))
    .description("accept every change that is listed now")
    .requiredOption("--by <name>", "who accepts")
    .option("--case <case>", "only of this case")
    .action((flags: StoreFlags & { readonly by: string; readonly case?: string }) =>
      reading(flags, async (archive) => {
        const accepted = await archive.acceptChanges({ by: flags.by, at: Date.now(), case: flags.case });
        await print(`Accepted ${accepted} changes.`);
      }),
    );
}

function listing(command: Command, changes: boolean): Command {
  return stored(command)
    .option("--case <case>", "event-collection, js-error-collection, support, licensing or operator")
    .addOption(new Option("--format <format>").choices(["table", "json", "ndjson"]).default("table"))
    .action((flags: ListFlags) =>
      reading(flags, async ({ inventory }) => {
        const items = await inventory.all({ case: flags.case, changes });
        if (changes && items.length > 0) process.exitCode = 1;
        await show(items, flags.format);
      }),
    );
}

async function show(items: readonly InventoryItem[], format: ListFlags["format"]): Promise<void> {
  if (format === "json") return print(JSON.stringify(items, undefined, 2));
  if (format === "table") return print(inventoryTable(items));
  for (const item of items) await print(JSON.stringify(item));
}
