import { z } from "zod";
import type { RulesDirectory } from "./config/rules-directory.js";
import type { Settings } from "./config/settings.js";
import type { RunningProxy } from "./main.js";

/** Where clients reach a worker. */
export type WorkerAddresses = Pick<RunningProxy["addresses"], "proxy" | "proxyTls" | "transparent" | "firstParty">;

/** From the leading process to a worker; both are of one package, so the big parts cross as they are. */
export type ToWorker =
  | {
      readonly kind: "start";
      readonly number: number;
      readonly settings: Settings;
      readonly files: RulesDirectory;
      readonly ticketKeys: Uint8Array;
    }
  | { readonly kind: "prepare"; readonly ask: number; readonly files: RulesDirectory }
  | { readonly kind: "commit" | "abandon" | "count"; readonly ask: number }
  | { readonly kind: "stop" };

const FAULT = z.object({ what: z.string(), where: z.string(), mend: z.string() });
const ADDRESS = z.union([z.object({ host: z.string(), port: z.number() }), z.undefined()]);

const FROM_WORKER = z.discriminatedUnion("kind", [
  // What is sent before its modules are loaded is lost: it says when it listens.
  z.object({ kind: z.literal("listening") }),
  z.object({
    kind: z.literal("ready"),
    addresses: z.object({ proxy: ADDRESS, proxyTls: ADDRESS, transparent: ADDRESS, firstParty: ADDRESS }),
  }),
  z.object({ kind: z.literal("failed"), faults: z.array(FAULT) }),
  z.object({ kind: z.literal("done"), ask: z.number(), snapshot: z.unknown().optional() }),
  z.object({ kind: z.literal("refused"), ask: z.number(), faults: z.array(FAULT) }),
]);

export type FromWorker = z.output<typeof FROM_WORKER>;

/** Undefined for what is none of ours: node:cluster speaks over the same channel. */
export function readFromWorker(message: unknown): FromWorker | undefined {
  return FROM_WORKER.safeParse(message).data;
}

const TO_WORKER = z.custom<ToWorker>(
  (message) =>
    typeof message === "object" &&
    message !== null &&
    "kind" in message &&
    ["start", "prepare", "commit", "abandon", "count", "stop"].includes(String(message.kind)),
);

export function readToWorker(message: unknown): ToWorker | undefined {
  return TO_WORKER.safeParse(message).data;
}
