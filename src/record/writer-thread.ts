import { parentPort, workerData } from "node:worker_threads";
import { writeFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { CheckpointKey } from "./checkpoint.js";
import { commitTransfers, readHead } from "./commit.js";
import type { Database } from "./database.js";
import { openDatabase } from "./database.js";
import { changeMemory } from "./desk-memory.js";
import { takeEvidence } from "./evidence-access.js";
import { importEvidence, sealEvidence } from "./evidence-files.js";
import { acceptChanges } from "./inventory-accept.js";
import { commitTraffic } from "./inventory-commit.js";
import { migrate } from "./migrations.js";
import { checkpointText } from "./outgoing/notice.js";
import { due, enqueue, settle } from "./outgoing/outbox.js";
import { tellOverdue } from "./overdue.js";
import type { RecordArchive } from "./record-archive.js";
import { changeStatus } from "./status-change.js";
import type { WriterAnswer, WriterRequest, WriterSetup } from "./writer-message.js";
import { writerSetup } from "./writer-message.js";

/** Entries between two checkpoints; the interval of the main thread makes them in quiet times. */
const CHECKPOINT_EVERY = 1_000;

const setup: WriterSetup = writerSetup.parse(workerData);
const key = CheckpointKey.open(setup.dataDir);
let database: Database | undefined;
let checkpointed = -1;

async function opened(): Promise<Database> {
  if (database !== undefined) return database;
  const fresh = openDatabase(setup.location, { write: true, timeoutMs: setup.lockTimeoutMs });
  try {
    await migrate(fresh.db);
    const last = await fresh.db
      .selectFrom("checkpoints")
      .select((column) => column.fn.max("seq").as("seq"))
      .where("replica", "=", setup.replica)
      .executeTakeFirst();
    checkpointed = last?.seq ?? 0;
  } catch (error) {
    await fresh.close().catch(() => undefined);
    throw error;
  }
  database = fresh;
  return fresh;
}

async function checkpoint(now: number): Promise<string | undefined> {
  const open = await opened();
  const head = await readHead(open.db, setup.replica);
  if (head.seq <= checkpointed) return undefined;
  const made = key.sign(setup.replica, head.seq, head.hash, now);
  const { replica, seq, hash, at, line } = made;
  await open.db
    .insertInto("checkpoints")
    .values({ replica, seq, hash, at, line })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await enqueue(open.db, setup.sinks, {
    id: `checkpoint-${replica}-${seq}`,
    replica,
    at,
    kind: "checkpoint",
    body: checkpointText(line, replica, at),
  });
  checkpointed = head.seq;
  // A second copy outside the database: who can write only that can't cut off the tail unseen.
  const file = join(setup.dataDir, "last-checkpoint");
  writeFileSync(`${file}.new`, `${line}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
  return line;
}

async function answer(request: WriterRequest): Promise<WriterAnswer> {
  switch (request.kind) {
    case "commit": {
      const result = await commitTransfers(await opened(), setup.replica, request.transfers, request.now, setup.sinks);
      if (result.head.seq - checkpointed < CHECKPOINT_EVERY) return { kind: "committed", ...result };
      // The transfers are safe already: a checkpoint that fails is made later.
      const line = await checkpoint(request.now).catch(() => undefined);
      return { kind: "committed", ...result, ...(line !== undefined && { checkpoint: line }) };
    }
    case "status":
      return { kind: "changed", ...(await changeStatus(await opened(), setup.replica, request.record, request.id, request.change)) };
    case "take": {
      const { record, exchange, by } = request;
      const [body] = await takeEvidence(await opened(), setup.replica, { record, exchange }, by);
      return { kind: "taken", body };
    }
    case "memory":
      await changeMemory((await opened()).db, request.change);
      return { kind: "done" };
    case "accept":
      return { kind: "accepted", changes: await acceptChanges(await opened(), request.by) };
    case "overdue":
      return { kind: "overdue", records: await tellOverdue(await opened(), setup.replica, setup.sinks, request.now) };
    case "checkpoint":
      return { kind: "checkpoint", line: await checkpoint(request.now) };
    case "traffic":
      return { kind: "traffic", changes: await commitTraffic(await opened(), request.batch) };
    case "policy": {
      const { digest, at } = request;
      await (await opened()).db
        .insertInto("policies")
        .values({ replica: setup.replica, at, digest })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
      return { kind: "done" };
    }
    case "due":
      return { kind: "due", messages: await due(await opened(), setup.replica, request.now) };
    case "settle":
      await settle(await opened(), request.sent, request.failed, request.now);
      return { kind: "done" };
    case "seal":
      await sealEvidence(setup.dataDir, setup.recipients, request);
      return { kind: "done" };
    case "evidence":
      await importEvidence(await opened(), setup.replica, setup.dataDir, request.now);
      return { kind: "done" };
    case "verify":
      return inArchive(async (archive) => ({ kind: "verified", verification: await archive.verify(request.offHost) }));
    case "report":
      return inArchive(async (archive) => {
        const { writeReport } = await import("./report/report.js");
        return { kind: "report", text: writeReport(await archive.report(request, request.now), request.format) };
      });
    case "prune":
      return inArchive(async (archive) => ({ kind: "pruned", pruned: await archive.prune(request.before, request.now) }));
    case "close": {
      const line = database === undefined ? undefined : await checkpoint(request.now).catch(() => undefined);
      await database?.close();
      database = undefined;
      return { kind: "checkpoint", line };
    }
  }
}

/** Read when it is wanted: the thread that commits needs none of it. */
async function inArchive(work: (archive: RecordArchive) => Promise<WriterAnswer>): Promise<WriterAnswer> {
  const { openRecordArchive } = await import("./record-archive.js");
  const { location, dataDir, replica } = setup;
  const archive = await openRecordArchive(dataDir, location.kind === "postgres" ? location.url : undefined, replica);
  try {
    return await work(archive);
  } finally {
    await archive.close();
  }
}

async function serve(request: WriterRequest): Promise<WriterAnswer> {
  try {
    return await answer(request);
  } catch (error) {
    // A connection that failed may stay broken (file replaced, server restarted): the next request opens a new one.
    await database?.close().catch(() => undefined);
    database = undefined;
    const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
    return { kind: "failed", code, message: error instanceof Error ? error.message : String(error) };
  }
}

// One request at a time: the order of the chain is the order of the messages.
let turn: Promise<void> = Promise.resolve();
parentPort?.on("message", (message: { readonly ticket: number; readonly request: WriterRequest }) => {
  turn = turn.then(async () => parentPort?.postMessage({ ticket: message.ticket, answer: await serve(message.request) }));
});
