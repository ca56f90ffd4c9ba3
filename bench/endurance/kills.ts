import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { openRecordArchive, type RecordArchive } from "../../src/record/record-archive.js";
import { prepareInstallation } from "../../test/support/installation.js";
import { type KillRound, killUnderLoad } from "../../test/support/kill-round.js";
import type { PostgresServer } from "../../test/support/postgres.js";
import { startCluster } from "./cluster.js";
import { Ledger, wished } from "./ledger.js";

/**
 * A thousand times kill -9 at random moments under load, on one store that is never cleared: every refusal that a client saw has its
 * record, none is counted twice, and the chain verifies, after each kill for what that round saw, and at the end for all of them.
 *
 *   node dist/bench/endurance/kills.js --store sqlite --kills 1000
 *   node dist/bench/endurance/kills.js --store postgres --kills 1000
 */
const wish = wished({ out: ".endurance", store: "sqlite", kills: "1000", verify: "100" });
const tally = z.strictObject({ sent: z.number(), told: z.number(), record: z.string().optional() });
const ledger = new Ledger(
  `kills-${wish.store}`,
  z.strictObject({
    kills: z.number().default(0),
    seen: z.number().default(0),
    repeated: z.record(z.string(), tally).default({}),
    cut: z.number().default(0),
    /** Where PostgreSQL keeps its data. */
    home: z.string().default(`/tmp/egress-endurance-${process.pid}`),
  }),
  wish,
);
const { state } = ledger;
const data = join(ledger.folder, "data");
/** Every record that a client was told of, a line each. */
const seenFile = join(ledger.folder, "seen.txt");
const faults: string[] = [];

const postgres: PostgresServer | undefined = wish.store === "postgres" ? await startCluster(state.home, state.kills > 0) : undefined;
const url = await postgres?.database("records");
const installation = await prepareInstallation({
  settings: { data, log: { level: "error" }, ...(url === undefined ? {} : { store: { url } }) },
});
try {
  while (state.kills < Number(wish.kills) && !ledger.stopping && faults.length === 0) {
    const round = await killUnderLoad(installation.settingsFile, installation.certs);
    state.kills += 1;
    take(round);
    await reading((archive) => judge(archive, round));
    if (state.kills % Number(wish.verify) === 0) await reading(verify);
    if (state.kills % 10 === 0 || faults.length > 0)
      ledger.say(`${state.kills} kills, ${told()} refusals seen, ${state.cut} cut off, ${faults.length} faults`);
    // At once: what is in the store must be in the file.
    ledger.keep(true);
  }
  await reading(judgeAll);
  await reading(verify);
} finally {
  await installation.remove();
  await postgres?.stop();
}
ledger.claim(
  "every refusal that a client saw is on record, once, and the chain verifies",
  faults.length === 0 && told() > 0,
  `${state.kills} kills, ${told()} refusals seen, ${faults.slice(0, 5).join("; ") || "none lost, none twice"}`,
);
ledger.end(state.kills >= Number(wish.kills));

function told(): number {
  return state.seen + Object.values(state.repeated).reduce((sum, one) => sum + one.told, 0);
}

function take({ seen, repeated }: KillRound): void {
  appendFileSync(seenFile, seen.map((id) => `${id}\n`).join(""));
  state.seen += seen.length;
  for (const [index, one] of repeated) {
    const sum = (state.repeated[index] ??= { sent: 0, told: 0 });
    sum.sent += one.sent;
    sum.told += one.told;
    state.cut += one.sent - one.told;
    sum.record ??= [...one.named][0];
  }
}

async function reading(work: (archive: RecordArchive) => Promise<void>): Promise<void> {
  const archive = await openRecordArchive(data, url);
  try {
    if (archive.warning !== undefined) faults.push(archive.warning);
    await work(archive);
  } finally {
    await archive.close();
  }
}

/** What this round saw, beside the spool that the kill left. */
async function judge({ reader }: RecordArchive, { seen, repeated }: KillRound): Promise<void> {
  for (const id of seen) {
    const occurrences = (await reader.get(id))?.occurrences;
    if (occurrences !== 1) faults.push(`kill ${state.kills}: ${id} is kept ${occurrences ?? 0} times`);
  }
  for (const [index, { sent, told: named, record }] of Object.entries(state.repeated)) {
    if (record === undefined) continue;
    const kept = await reader.get(record);
    const counted = kept?.occurrences ?? 0;
    for (const id of repeated.get(Number(index))?.named ?? []) {
      const found = (await reader.get(id))?.id;
      if (found !== kept?.id) faults.push(`kill ${state.kills}: one body has the records ${record} and ${found ?? "none"}`);
    }
    // What was sent and not told was cut by a kill: it may have been counted.
    if (named > counted || counted > sent)
      faults.push(`kill ${state.kills}: ${record} was sent ${sent} and told ${named} times, and counts ${counted}`);
  }
}

async function judgeAll({ reader }: RecordArchive): Promise<void> {
  const missing = new Set(readFileSync(seenFile, "utf8").split("\n").filter(Boolean));
  if (missing.size !== state.seen) faults.push(`${state.seen} refusals named ${missing.size} records`);
  const repeated = new Set<string | undefined>();
  for (const { record } of Object.values(state.repeated)) if (record !== undefined) repeated.add((await reader.get(record))?.id);
  for await (const { id, occurrences } of reader.exportAll({})) {
    missing.delete(id);
    // Those that nobody was told of were cut by a kill.
    if (!repeated.has(id) && occurrences !== 1) faults.push(`${id} is kept ${occurrences} times`);
  }
  if (missing.size > 0) faults.push(`${missing.size} records are gone, such as ${[...missing][0]}`);
}

async function verify(archive: RecordArchive): Promise<void> {
  const { faults: broken, entries } = await archive.verify("");
  for (const { kind, what } of broken) faults.push(`${kind}: ${what}`);
  ledger.say(`${entries} entries verify with ${broken.length} faults`);
}
