import { z } from "zod";
import type { InventoryPort, ReportFormat } from "../model/console-ports.js";
import type { DeskSealedBody, DeskTaking, DeskStatusChange, DeskStatusOutcome } from "../model/record-desk.js";
import type { Transfer } from "../model/transfer.js";
import type { CommitResult } from "./commit.js";
import type { MemoryChange } from "./desk-memory.js";
import type { OutboxRow } from "./desk-schema.js";
import type { MaterialChange } from "./inventory-commit.js";
import type { Pruned } from "./prune.js";
import type { TrafficBatch } from "./traffic-tally.js";
import type { Verification } from "./verify.js";

/** What the writing thread is started with. */
export const writerSetup = z.object({
  location: z.union([
    z.object({ kind: z.literal("postgres"), url: z.string() }),
    z.object({ kind: z.literal("sqlite"), file: z.string() }),
  ]),
  dataDir: z.string(),
  replica: z.string(),
  lockTimeoutMs: z.number(),
  /** age recipients that evidence is sealed to. */
  recipients: z.array(z.string()),
  /** Names of the sinks that incidents and checkpoints are queued for. */
  sinks: z.array(z.string()),
});

export type WriterSetup = z.infer<typeof writerSetup>;

export type WriterRequest =
  | { readonly kind: "commit"; readonly transfers: readonly Transfer[]; readonly now: number }
  | { readonly kind: "status"; readonly record: string; readonly id: string; readonly change: DeskStatusChange }
  | { readonly kind: "take"; readonly record: string; readonly exchange: string; readonly by: DeskTaking }
  | { readonly kind: "memory"; readonly change: MemoryChange }
  | { readonly kind: "accept"; readonly by: Parameters<InventoryPort["accept"]>[0] }
  | { readonly kind: "overdue"; readonly now: number }
  | { readonly kind: "checkpoint"; readonly now: number }
  | { readonly kind: "traffic"; readonly batch: TrafficBatch }
  | { readonly kind: "policy"; readonly digest: string; readonly at: number }
  | { readonly kind: "seal"; readonly record: string; readonly exchange: string; readonly body: Uint8Array; readonly at: number }
  /** Brings sealed bodies from the data folder into the store. */
  | { readonly kind: "evidence"; readonly now: number }
  | { readonly kind: "due"; readonly now: number }
  | {
      readonly kind: "settle";
      readonly sent: readonly string[];
      readonly failed: readonly Pick<OutboxRow, "id" | "attempts">[];
      readonly now: number;
    }
  | { readonly kind: "verify"; readonly offHost: string }
  | { readonly kind: "report"; readonly since: number; readonly until: number; readonly format: ReportFormat; readonly now: number }
  | { readonly kind: "prune"; readonly before: number; readonly now: number }
  | { readonly kind: "close"; readonly now: number };

export type WriterAnswer =
  | ({ readonly kind: "committed" } & CommitResult & { readonly checkpoint?: string })
  | ({ readonly kind: "changed" } & DeskStatusOutcome)
  | { readonly kind: "taken"; readonly body: DeskSealedBody | undefined }
  | { readonly kind: "accepted"; readonly changes: number }
  | { readonly kind: "overdue"; readonly records: number }
  | { readonly kind: "checkpoint"; readonly line: string | undefined }
  | { readonly kind: "traffic"; readonly changes: readonly MaterialChange[] }
  | { readonly kind: "due"; readonly messages: readonly OutboxRow[] }
  | { readonly kind: "verified"; readonly verification: Verification }
  | { readonly kind: "report"; readonly text: string }
  | { readonly kind: "pruned"; readonly pruned: Pruned }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };
