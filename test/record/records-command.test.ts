import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Decrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import Sqlite from "better-sqlite3";
import { z } from "zod";
import { openRecordRoom } from "../../src/record/record-room.js";
import { finding, folder, listener, opened, transfer } from "./sample.js";

const listed = z.array(z.object({ id: z.string(), occurrences: z.number(), spooled: z.boolean(), findings: z.array(z.unknown()) }));
const verified = z.object({ faults: z.array(z.object({ kind: z.string(), seq: z.number().optional() })) });

const COMMAND = `
const { Command } = await import("commander");
const { addRecordsCommand } = await import(process.argv[1]);
const program = new Command("egress-proxy");
addRecordsCommand(program);
await program.parseAsync(process.argv.slice(2), { from: "user" });
`;

/** Runs the command as its own process. */
function records(...words: string[]): Promise<{ code: number | null; out: string; err: string }> {
  const module = new URL("../../src/cli/records.js", import.meta.url).href;
  const cwd = fileURLToPath(new URL("../..", import.meta.url));
  const child = spawn(process.execPath, ["--input-type=module", "-e", COMMAND, module, "records", ...words], { cwd });
  return new Promise((resolve) => {
    let out = "";
    let err = "";
    child.stdout.on("data", (bytes: Buffer) => void (out += bytes.toString()));
    child.stderr.on("data", (bytes: Buffer) => void (err += bytes.toString()));
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

test("list, show and export read beside a running writer, and see what is still spooled", async (context) => {
  const dataDir = folder(context);
  const store = await opened(context, { dataDir, deadlineMs: 200 });
  const first = transfer({ identity: "same" });
  await store.write(first);
  const blocker = new Sqlite(join(dataDir, "records.db"));
  blocker.exec("begin immediate");
  const again = transfer({ identity: "same" });
  const fresh = transfer({ caseName: "licensing", findings: [{ ...finding, rule: "secret/aws-key" }], path: "/\u001b[31m" });
  assert.equal((await store.write(again)).durability, "spooled");
  assert.equal((await store.write(fresh)).durability, "spooled");

  const list = await records("list", "--data", dataDir, "--format", "json");
  assert.equal(list.code, 0, list.err);
  const items = listed.parse(JSON.parse(list.out));
  assert.deepEqual(
    items.map((item) => [item.id, item.occurrences, item.spooled]),
    [
      [fresh.id, 1, true],
      [first.id, 2, true],
    ],
  );
  assert.deepEqual(items[1]?.findings, [finding]);

  const licensing = await records(
    "list",
    "--data",
    dataDir,
    "--case",
    "licensing",
    "--rule",
    "secret",
    "--status",
    "open",
    "--since",
    "1d",
  );
  assert.equal(licensing.out.trim().split("\n").length, 2);
  assert.match(licensing.out, /secret\/aws-key/);

  const shown = await records("show", again.id, "--data", dataDir);
  assert.match(shown.out, new RegExp(first.id));
  assert.match(shown.out, /It was stopped here/);
  const odd = await records("show", fresh.id, "--data", dataDir);
  assert.ok(!odd.out.includes("\u001b"), "traffic can't move the terminal's cursor");

  const csv = await records("export", "--format", "csv", "--data", dataDir);
  assert.equal(csv.out.trim().split("\n").length, 3);
  const lines = await records("export", "--format", "ndjson", "--data", dataDir);
  assert.equal(
    listed.parse(
      lines.out
        .trim()
        .split("\n")
        .map((line): unknown => JSON.parse(line)),
    ).length,
    2,
  );
  assert.equal(listed.parse(JSON.parse((await records("export", "--data", dataDir)).out)).length, 2);
  blocker.exec("commit");
  blocker.close();
});

test("verify exits 0 on a whole chain and 1 on a broken one, and a log serves as the off-host witness", async (context) => {
  const dataDir = folder(context);
  const logger = listener();
  const store = await opened(context, { dataDir, logger });
  for (let n = 0; n < 4; n += 1) await store.write(transfer());
  await store.close();
  const log = join(dataDir, "proxy.log");
  writeFileSync(log, logger.said.map((line) => JSON.stringify(line)).join("\n"));
  const whole = await records("verify", "--data", dataDir, "--checkpoint", log);
  assert.deepEqual([whole.code, whole.err], [0, ""], whole.out);
  assert.match(whole.out, /Whole: nothing was changed/);
  const db = new Sqlite(join(dataDir, "records.db"));
  db.exec("delete from entries where seq = 2");
  db.close();
  const broken = await records("verify", "--data", dataDir, "--format", "json");
  assert.equal(broken.code, 1);
  const [fault] = verified.parse(JSON.parse(broken.out)).faults;
  assert.deepEqual([fault?.kind, fault?.seq], ["missing", 2]);
});

test("prune erases by age and verify stays content", async (context) => {
  const dataDir = folder(context);
  const store = await opened(context, { dataDir });
  await store.write(transfer({ at: Date.now() - 100 * 86_400_000 }));
  await store.write(transfer());
  const pruned = await records("prune", "--older-than", "90d", "--data", dataDir);
  assert.match(pruned.out, /Pruned 1 records \(1 entries\)/);
  assert.equal((await records("verify", "--data", dataDir)).code, 0);
  assert.equal(listed.parse(JSON.parse((await records("list", "--data", dataDir, "--format", "json")).out)).length, 1);
});

test("wrong use says what to do", async (context) => {
  const dataDir = folder(context);
  const missing = await records("list", "--data", join(dataDir, "nowhere"));
  assert.equal(missing.code, 2);
  assert.match(missing.err, /Name the proxy's data folder with --data/);
  assert.match((await records("list", "--data", dataDir)).out, /No records match/);
  assert.equal((await records("show", "nothing", "--data", dataDir)).code, 1);
  assert.notEqual((await records("prune", "--older-than", "soon", "--data", dataDir)).code, 0);
  assert.equal((await records("verify", "--data", dataDir, "--checkpoint", "/no/such/file")).code, 2);
  const away = await records("list", "--store", "postgres://nobody@127.0.0.1:1/none", "--data", dataDir);
  assert.match(away.err, /The record store can't be read/);
});

test("evidence is written as files that the recipient opens, once, and who took it is in the history", async (context) => {
  const dataDir = folder(context);
  const identity = await generateX25519Identity();
  const room = await openRecordRoom({
    dataDir,
    logger: listener(),
    clock: { now: () => Date.now() },
    evidence: { recipients: [await identityToRecipient(identity)], maxBytes: 1_000 },
    keep: { days: 0, records: 0 },
    outgoing: { webhook: undefined, syslog: undefined, format: "ecs" },
    metrics: { recordsSpooled: () => undefined, unexpectedTransfersOpen: () => undefined, materialChanges: () => undefined },
  });
  const sent = transfer();
  await room.store.write(sent);
  room.evidence.keep(sent.id, sent.id, Buffer.from("the body"));
  await room.close();
  const out = folder(context);
  const taken = await records("evidence", sent.id, "--by", "kim", "--why", "Ticket 12.", "--out", out, "--data", dataDir);
  assert.equal(taken.code, 0, taken.err);
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  assert.equal(await decrypter.decrypt(readFileSync(join(out, `${sent.id}.age`)), "text"), "the body");
  assert.match((await records("show", sent.id, "--data", dataDir)).out, /access +evidence taken out by kim: Ticket 12\./);
  const none = await records("evidence", "nobody", "--by", "kim", "--why", "x", "--data", dataDir);
  assert.deepEqual([none.code, /No evidence is kept/.test(none.err)], [1, true]);
});

test("a status goes its steps at the command line, the vendor's answer is kept, and what a person wrote makes no line of its own", async (context) => {
  const dataDir = folder(context);
  const store = await opened(context, { dataDir });
  const sent = transfer({ verdict: "allow", reason: undefined, transferred: true });
  await store.write(sent);
  const status = (...words: string[]) => records("status", sent.id, ...words, "--by", "kim", "--data", dataDir);
  const leap = await status("deleted", "--why", "x");
  assert.deepEqual([leap.code, /it can become confirmed or dismissed/.test(leap.err)], [1, true], leap.err);
  assert.equal((await status("confirmed", "--why", "line\n  forged \u001b[31m")).code, 0);
  const day = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
  assert.equal((await status("reported", "--why", "Mail.", "--due", "2020-01-01")).code, 1, "a day that is gone");
  assert.equal((await status("reported", "--why", "Mail.", "--due", day)).code, 0);
  assert.match((await records("show", sent.id, "--data", dataDir)).out, new RegExp(`answer is due ${day} 23:59`));
  assert.match((await records("list", "--overdue", "--data", dataDir)).out, /No records match/);
  const letter = join(dataDir, "letter.txt");
  writeFileSync(letter, "");
  assert.equal((await status("deleted", "--why", "Letter.", "--confirmation", letter)).code, 2, "an empty letter");
  writeFileSync(letter, "We deleted it.\nThe vendor.\n");
  assert.equal((await status("deleted", "--why", "Letter.", "--confirmation", letter)).code, 0);
  const { out } = await records("show", sent.id, "--data", dataDir);
  assert.match(out, /to deleted by kim: Letter\.; the vendor wrote: We deleted it\. The vendor\./);
  assert.ok(!out.includes("\u001b") && !/^ *forged/m.test(out), out);
  assert.equal((await records("status", "nobody", "confirmed", "--why", "x", "--data", dataDir)).code, 1);
  assert.equal((await records("verify", "--data", dataDir)).code, 0);
});

test("a dismissal proposes its exception at the command line, as a diff alone on standard output", async (context) => {
  const dataDir = folder(context);
  const store = await opened(context, { dataDir });
  const [sent, secret] = [transfer(), transfer({ findings: [{ ...finding, rule: "secret/jwt" }] })];
  for (const one of [sent, secret]) await store.write(one);
  const propose = (id: string, ...words: string[]) => records("exception", id, ...words, "--data", dataDir);
  assert.equal((await propose(sent.id)).code, 1, "of what is not dismissed");
  for (const { id } of [sent, secret]) await records("status", id, "dismissed", "--why", "Ours.", "--by", "kim", "--data", dataDir);
  const { code, out, err } = await propose(sent.id);
  assert.equal(code, 0, err);
  assert.match(out, /^--- a\/policy\.yaml\n/);
  assert.match(out, /^\+ {8}author: "kim"$/m);
  assert.match(err, /this lets out whatever pii\/email finds/);
  const closed = await propose(secret.id);
  assert.deepEqual([closed.code, closed.out], [1, ""]);
  assert.match((await propose(secret.id, "--format", "json")).out, /"diff": ""/);
});
