import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { FaultsError } from "../../src/model/fault.js";
import { readOutgoing } from "../../src/record/outgoing/outgoing-settings.js";
import { folder } from "./sample.js";

const off = { webhook_url: "off", webhook_secret_file: "off", syslog: "off", format: "ecs", ca: [] } as const;

test("nothing is told where nothing is set", () => {
  assert.deepEqual(readOutgoing(off), { webhook: undefined, syslog: undefined, format: "ecs" });
});

test("a receiver is read with its secret", (context) => {
  const file = join(folder(context), "secret");
  writeFileSync(file, "0123456789abcdef\n");
  const read = readOutgoing({ ...off, webhook_url: "https://siem.example/hook", webhook_secret_file: file, syslog: "tls://[::1]:6514" });
  assert.equal(read.webhook?.secret.toString(), "0123456789abcdef");
  assert.deepEqual(read.syslog, { transport: "tls", host: "::1", port: 6514, ca: undefined });
});

test("every fault is told at once", (context) => {
  const file = join(folder(context), "secret");
  writeFileSync(file, "short");
  const faulty = {
    ...off,
    webhook_url: "http://siem.example/hook",
    webhook_secret_file: file,
    syslog: "siem.example:514",
    ca: ["/nowhere"],
  };
  assert.throws(
    () => readOutgoing(faulty),
    (error) =>
      error instanceof FaultsError &&
      error.faults.map((fault) => fault.where).join() === "outgoing.ca,outgoing.webhook_url,outgoing.webhook_secret_file,outgoing.syslog",
  );
  assert.throws(() => readOutgoing({ ...off, webhook_url: "https://siem.example/hook" }), /Nothing would prove who sends/);
});
