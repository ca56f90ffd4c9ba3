import type { Fault } from "./model/fault.js";
import { FaultsError } from "./model/fault.js";
import { type Prepared, type RunningProxy, startProxy } from "./main.js";
import { type FromWorker, readToWorker, type ToWorker } from "./worker-messages.js";

/**
 * The entry of a process that serves clients; `WorkerCrew` forks it, tells it all it has to know, and reads its metrics. It ends when it is told to, and at
 * once where the leading process is gone: what was answered is on disk.
 */
let proxy: RunningProxy | undefined;
let prepared: Prepared | undefined;

// A terminal sends these to the whole group; when to stop or reload is for the leading process to say.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);

process.on("message", (message: unknown) => {
  const told = readToWorker(message);
  if (told !== undefined) void obey(told);
});
send({ kind: "listening" });

async function obey(told: ToWorker): Promise<void> {
  switch (told.kind) {
    case "start":
      return start(told);
    case "prepare":
      return answer(told.ask, async () => {
        prepared = await proxy?.prepare(told.files);
      });
    case "commit":
      return answer(told.ask, async () => {
        await prepared?.commit();
        prepared = undefined;
      });
    case "abandon":
      return answer(told.ask, () => {
        prepared?.abandon();
        prepared = undefined;
      });
    case "count":
      return answer(told.ask, () => proxy?.snapshot());
    case "stop":
      await proxy?.close().catch(() => undefined);
      process.exit(0);
  }
}

async function start({ settings, files, number, ticketKeys }: Extract<ToWorker, { kind: "start" }>): Promise<void> {
  try {
    proxy = await startProxy(settings, { files, worker: { number, ticketKeys: Buffer.from(ticketKeys) } });
    const { proxy: plain, proxyTls, transparent, firstParty } = proxy.addresses;
    send({ kind: "ready", addresses: { proxy: plain, proxyTls, transparent, firstParty } });
  } catch (error) {
    process.exitCode = 1;
    send({ kind: "failed", faults: faultsOf(error) });
    process.disconnect();
  }
}

async function answer(ask: number, work: () => unknown): Promise<void> {
  try {
    send({ kind: "done", ask, snapshot: await work() });
  } catch (error) {
    send({ kind: "refused", ask, faults: faultsOf(error) });
  }
}

function faultsOf(error: unknown): Fault[] {
  if (error instanceof FaultsError) return [...error.faults];
  return [{ where: "a worker", what: error instanceof Error ? error.name : "An unknown fault.", mend: "See the log." }];
}

function send(message: FromWorker): void {
  process.send?.(message);
}
