import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { InventoryPort, ReportPort } from "../model/console-ports.js";
import type { Clock } from "../model/ports.js";
import type { DeskStatusChange, DeskTaking } from "../model/record-desk.js";
import type { Database, Location } from "./database.js";
import { openDatabase } from "./database.js";
import { DeskInventory } from "./desk-inventory.js";
import { changeMemory, deskMemory } from "./desk-memory.js";
import { DeskReading, type Reading } from "./desk-reading.js";
import { acceptChanges } from "./inventory-accept.js";
import { takeEvidence } from "./evidence-access.js";
import { readOrCreateKey } from "./key-file.js";
import { migrate } from "./migrations.js";
import type { RecordArchive } from "./record-archive.js";
import { openRecordArchive } from "./record-archive.js";
import { locate } from "./record-location.js";
import { writeReport } from "./report/report.js";
import { changeStatus } from "./status-change.js";

const PATIENCE_MS = 5_000;

/**
 * The record as a console that runs apart opens it: beside a proxy that may be running on the same data folder, without its lock. What it
 * changes goes into the chain of the replica that the data folder names.
 *
 * @throws FaultsError where the store's URL is wrong
 */
export async function openDeskBeside(dataDir: string, url: string | undefined, clock: Clock): Promise<DeskBeside> {
  const location = locate(dataDir, url);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  await makeTables(location);
  const archive = await openRecordArchive(dataDir, url);
  const replica = readOrCreateKey(join(dataDir, "replica"), () => Buffer.from(`console-${randomBytes(4).toString("hex")}\n`))
    .toString("utf8")
    .trim();
  return new DeskBeside(archive, location, replica, clock);
}

/** So that an older proxy's store, or one that no proxy has written yet, has the tables that the desk reads. A store that is away is told later. */
async function makeTables(location: Location): Promise<void> {
  const made = openDatabase(location, { write: true, timeoutMs: PATIENCE_MS });
  try {
    await migrate(made.db);
  } catch (error) {
    if (location.kind === "sqlite") throw error;
  } finally {
    await made.close();
  }
}

export class DeskBeside extends DeskReading {
  readonly memory;
  readonly report: ReportPort;
  readonly #archive: RecordArchive;
  readonly #location: Location;
  readonly #replica: string;

  constructor(archive: RecordArchive, location: Location, replica: string, clock: Clock) {
    super();
    this.#archive = archive;
    this.#location = location;
    this.#replica = replica;
    this.memory = deskMemory(
      () => archive.db,
      (change) => this.#writing(({ db }) => changeMemory(db, change)),
      () => clock.now(),
    );
    this.report = async ({ since, until, format }) => writeReport(await archive.report({ since, until }, clock.now()), format);
  }

  get inventory(): InventoryPort {
    return new DeskInventory(this.#archive.db, (by) => this.#writing((database) => acceptChanges(database, by)));
  }

  /** Set where the store could not be read. */
  get warning(): string | undefined {
    return this.#archive.warning;
  }

  setStatus(id: string, change: DeskStatusChange) {
    return this.#writing((database) => changeStatus(database, this.#replica, id, `status-${randomBytes(16).toString("hex")}`, change));
  }

  async takeEvidence(id: string, exchange: string, by: DeskTaking) {
    const [taken] = await this.#writing((database) => takeEvidence(database, this.#replica, { record: id, exchange }, by));
    return taken;
  }

  close(): Promise<void> {
    return this.#archive.close();
  }

  protected reading(): Reading {
    return this.#archive;
  }

  async #writing<Result>(work: (database: Database) => Promise<Result>): Promise<Result> {
    const database = openDatabase(this.#location, { write: true, timeoutMs: PATIENCE_MS });
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  }
}
