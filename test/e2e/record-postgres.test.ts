import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { after, before, test } from "node:test";
import { chainSuite } from "../record/chain-suite.js";
import { deskSuite } from "../record/desk-suite.js";
import { floodSuite } from "../record/flood-suite.js";
import { outgoingSuite } from "../record/outgoing-suite.js";
import { reportSuite } from "../record/report-suite.js";
import { roomSuite } from "../record/room-suite.js";
import { folder, opened, transfer, until } from "../record/sample.js";
import { storeSuite } from "../record/store-suite.js";
import { type PostgresServer, startPostgres } from "../support/postgres.js";

let server: PostgresServer | undefined;
let databases = 0;

before(async () => {
  server = await startPostgres(mkdtempSync("/tmp/egress-postgres-"));
});

after(() => server?.remove());

function fresh(): Promise<string> {
  databases += 1;
  return server?.database(`records_${databases}`) ?? Promise.reject(new Error("Too early."));
}

storeSuite(fresh);
chainSuite(fresh);
deskSuite(fresh);
roomSuite(fresh);
reportSuite(fresh);
outgoingSuite(fresh);
floodSuite(fresh);

test("two replicas write to one PostgreSQL under load: none lost, none twice, both chains verify", async (context) => {
  const url = await fresh();
  const stores = await Promise.all(["east", "west"].map((replica) => opened(context, { dataDir: folder(context), url, replica })));
  const sent = Array.from({ length: 2_000 }, (_, n) => transfer({ identity: n % 4 === 0 ? `shared-${n % 40}` : `own-${n}` }));
  const outcomes = await Promise.all(
    sent.map((one, n) => (stores[n % 2] ?? stores[0])?.write(one) ?? Promise.reject(new Error("No store."))),
  );
  for (const store of stores) await until(() => store.spooledCount === 0 && store.storeAnswers, "both have drained");
  assert.ok(outcomes.every((outcome) => outcome?.durability === "stored" || outcome?.durability === "spooled"));
  const [east] = stores;
  assert.ok(east);
  let occurrences = 0;
  let records = 0;
  for await (const record of east.exportAll()) {
    occurrences += record.occurrences;
    records += 1;
  }
  assert.deepEqual([records, occurrences], [1_510, 2_000]);
  const result = await east.verify();
  assert.deepEqual(result.faults, []);
  assert.deepEqual(
    result.replicas.map((replica) => [replica.replica, replica.entries]),
    [
      ["east", 1_000],
      ["west", 1_000],
    ],
  );
});

test("PostgreSQL is stopped and started under load: the spool takes over and is drained", async (context) => {
  const store = await opened(context, { dataDir: folder(context), url: await fresh(), deadlineMs: 500 });
  const kept: string[] = [];
  const write = async () => {
    const one = transfer();
    const { durability } = await store.write(one);
    if (durability !== "failed") kept.push(one.id);
    return durability;
  };
  for (let n = 0; n < 20; n += 1) await write();
  await server?.stop();
  for (let n = 0; n < 20; n += 1) assert.equal(await write(), "spooled");
  await server?.start();
  await until(() => store.storeAnswers, "the spool is drained");
  assert.equal(await write(), "stored");
  for (const id of kept) assert.equal((await store.get(id))?.occurrences, 1);
  assert.deepEqual((await store.verify()).faults, []);
});

test("a PostgreSQL that is away at the start is no reason not to start", async (context) => {
  const store = await opened(context, { dataDir: folder(context), url: "postgres://nobody@127.0.0.1:1/none", deadlineMs: 500 });
  const sent = transfer();
  assert.equal((await store.write(sent)).durability, "spooled");
  assert.equal(store.spooledCount, 1);
  assert.equal((await store.get(sent.id))?.spooled, true);
});
