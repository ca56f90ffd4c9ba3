import type { Kysely } from "kysely";
import type { DeskMemory } from "../model/console-ports.js";
import type {
  DeskFilter,
  DeskIncidentFilter,
  DeskSealedBody,
  DeskStatusChange,
  DeskStatusOutcome,
  DeskTaking,
  RecordDesk,
} from "../model/record-desk.js";
import { listEvidence } from "./evidence-access.js";
import { listIncidents } from "./incident-reader.js";
import { readCounts } from "./record-counts.js";
import type { RecordReader } from "./record-reader.js";
import type { Tables } from "./schema.js";

/** A store as it is read. */
export interface Reading {
  readonly db: Kysely<Tables>;
  readonly reader: RecordReader;
}

/** The reading half of the desk, alike for a store that a proxy writes and for one that a console beside it opened. */
export abstract class DeskReading implements RecordDesk {
  protected abstract reading(): Reading;

  abstract setStatus(id: string, change: DeskStatusChange): Promise<DeskStatusOutcome>;
  abstract takeEvidence(id: string, exchange: string, by: DeskTaking): Promise<DeskSealedBody | undefined>;
  abstract readonly memory: DeskMemory;

  async list(filter: DeskFilter = {}) {
    return this.reading().reader.list(filter);
  }

  async get(id: string) {
    return this.reading().reader.get(id);
  }

  async history(id: string) {
    return this.reading().reader.history(id);
  }

  async incidents(filter: DeskIncidentFilter = {}) {
    return listIncidents(this.reading().db, filter);
  }

  async counts(now: number) {
    return readCounts(this.reading().db, now);
  }

  async evidence(id: string) {
    return listEvidence(this.reading().db, id);
  }

  async *exportAll(filter: DeskFilter = {}) {
    yield* this.reading().reader.exportAll(filter);
  }
}
