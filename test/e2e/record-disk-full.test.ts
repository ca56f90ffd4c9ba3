import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { folder, opened, transfer, until } from "../record/sample.js";

const mayMount = process.getuid?.() === 0;

test("a full disk fails closed; with space again it works on, nothing lost, nothing twice", {
  skip: !mayMount && "mounting a tmpfs takes root",
}, async (context) => {
  const dataDir = mkdtempSync(join(tmpdir(), "egress-full-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", dataDir]);
  context.after(() => {
    execFileSync("umount", ["-l", dataDir]);
    rmSync(dataDir, { recursive: true });
  });
  const store = await opened(context, { dataDir, deadlineMs: 2_000 });
  const kept: string[] = [];
  const refused: string[] = [];
  for (let n = 0; n < 3; n += 1) kept.push((await store.write(transfer())).record);
  const ballast = join(dataDir, "ballast");
  try {
    writeFileSync(ballast, Buffer.alloc(4 * 1024 * 1024));
  } catch (error) {
    assert.match(String(error), /ENOSPC/);
  }
  // Pages that are allocated already take some more before the disk is truly full.
  const structure = JSON.stringify({ text: "x".repeat(30_000) });
  for (let n = 0; n < 20; n += 1) {
    const { durability, record } = await store.write(transfer({ structure }));
    (durability === "failed" ? refused : kept).push(record);
  }
  assert.ok(refused.length >= 10, `${refused.length} refused`);
  rmSync(ballast);
  await until(async () => {
    const { durability, record } = await store.write(transfer());
    (durability === "failed" ? refused : kept).push(record);
    return durability === "stored";
  }, "the store works again");
  const listed = new Map((await store.list({ limit: 1_000 })).items.map((item) => [item.id, item.occurrences]));
  assert.deepEqual(
    kept.filter((id) => listed.get(id) !== 1),
    [],
  );
  assert.deepEqual((await store.verify()).faults, []);
});

test("a database that became read-only: the spool takes over until it can be written again", {
  skip: !mayMount && "mounting takes root",
}, async (context) => {
  const dataDir = folder(context);
  const first = await opened(context, { dataDir });
  await first.write(transfer());
  await first.close();
  const file = join(dataDir, "records.db");
  execFileSync("mount", ["--bind", file, file]);
  execFileSync("mount", ["-o", "remount,bind,ro", file]);
  let mounted = true;
  const release = () => {
    if (mounted) execFileSync("umount", ["-l", file]);
    mounted = false;
  };
  context.after(release);
  const store = await opened(context, { dataDir });
  const sent = transfer();
  assert.equal((await store.write(sent)).durability, "spooled");
  release();
  await until(() => store.storeAnswers, "the spool is drained");
  assert.equal((await store.get(sent.id))?.spooled, false);
  assert.equal((await store.list()).items.length, 2);
  assert.deepEqual((await store.verify()).faults, []);
});
