import type { Kysely } from "kysely";
import type { InventoryPort } from "../model/console-ports.js";
import { InventoryReader } from "./inventory-reader.js";
import type { Tables } from "./schema.js";

/** The inventory as the desk uses it: read here, accepted by whoever writes the store. */
export class DeskInventory extends InventoryReader implements InventoryPort {
  readonly accept: InventoryPort["accept"];

  constructor(db: Kysely<Tables>, accept: InventoryPort["accept"]) {
    super(db);
    this.accept = accept;
  }
}
