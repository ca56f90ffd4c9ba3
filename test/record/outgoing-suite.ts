import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer as createHttp, type IncomingMessage } from "node:http";
import { createServer as createTcp } from "node:net";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";
import { z } from "zod";
import type { OutgoingSettings } from "../../src/record/outgoing/courier.js";
import { openRecordRoom } from "../../src/record/record-room.js";
import { folder, listener, transfer, until } from "./sample.js";

const SECRET = Buffer.from("a secret of the test's own");
const ecs = z.object({
  event: z.object({ action: z.string(), type: z.array(z.string()) }),
  rule: z.object({ name: z.array(z.string()) }).optional(),
  egress: z.record(z.string(), z.unknown()),
});
const ocsf = z.object({
  class_uid: z.number(),
  type_uid: z.number(),
  severity_id: z.number(),
  finding_info: z.object({ uid: z.string() }).optional(),
});

interface Delivery {
  readonly id: string;
  readonly signature: string;
  readonly body: string;
}

/** A receiver that refuses the first `failures` posts. */
async function receiver(context: TestContext, failures = 0): Promise<{ url: URL; got: Delivery[]; refused: () => number }> {
  const got: Delivery[] = [];
  let refused = 0;
  const server = createHttp((request: IncomingMessage, answer) => {
    let body = "";
    request.on("data", (bytes: Buffer) => void (body += bytes.toString()));
    request.on("end", () => {
      if (refused < failures) {
        refused += 1;
        answer.writeHead(503).end();
        return;
      }
      got.push({ id: String(request.headers["egress-delivery"]), signature: String(request.headers["egress-signature"]), body });
      answer.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}/hook`), got, refused: () => refused };
}

/** What is told elsewhere, whatever database is under it. */
export function outgoingSuite(url: () => Promise<string | undefined>): void {
  async function room(context: TestContext, outgoing: OutgoingSettings, dataDir: string, at: string | undefined) {
    // Each look at the clock is a minute later, so that the test waits for no back-off.
    let now = Date.now();
    const made = await openRecordRoom({
      dataDir,
      url: at,
      logger: listener(),
      clock: { now: () => (now += 60_000) },
      evidence: { recipients: [], maxBytes: 1 },
      keep: { days: 0, records: 0 },
      outgoing,
      metrics: { recordsSpooled: () => undefined, unexpectedTransfersOpen: () => undefined, materialChanges: () => undefined },
    });
    let closing: Promise<void> | undefined;
    const close = made.close.bind(made);
    made.close = () => (closing ??= close());
    context.after(() => made.close());
    return made;
  }

  test("an incident is posted once, signed, after failures too, and again only when it comes back", async (context) => {
    const { url: hook, got, refused } = await receiver(context, 2);
    const outgoing: OutgoingSettings = { webhook: { url: hook, secret: SECRET, ca: undefined }, syslog: undefined, format: "ecs" };
    const [dataDir, at] = [folder(context), await url()];
    const made = await room(context, outgoing, dataDir, at);
    const first = transfer();
    await made.store.write(first);
    await made.store.write(transfer());
    await until(async () => (await made.flush(), refused() === 2 && got.length > 0), "the incident arrives");
    await made.flush();
    assert.equal(got.length, 1);
    const { signature, body, id } = got[0] ?? { signature: "", body: "", id: "" };
    const [, seconds, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
    assert.equal(hex, createHmac("sha256", SECRET).update(`${seconds}.${body}`).digest("hex"));
    assert.equal(id, `webhook-${first.id}`);
    const event = ecs.parse(JSON.parse(body));
    assert.deepEqual(
      [event.event.action, event.event.type[1], event.rule?.name, event.egress.change],
      ["unexpected-data-transfer", "denied", ["pii/email"], "new"],
    );
    for (const record of (await made.store.list()).items)
      await made.store.setStatus(record.id, { status: "dismissed", by: "kim", why: "x", at: 1 });
    await made.store.write(transfer());
    await until(async () => (await made.flush(), got.length === 2), "the incident comes back");
    assert.equal(ecs.parse(JSON.parse(got[1]?.body ?? "")).egress.change, "reopened");
    await made.close();
    const again = await room(context, outgoing, dataDir, at);
    await until(async () => (await again.flush(), got.length === 3), "the checkpoint of the close follows after the restart");
    assert.match(String(ecs.parse(JSON.parse(got[2]?.body ?? "")).egress.checkpoint), /^egress-checkpoint\.1\./);
  });

  test("what could not be delivered before a restart is delivered after it, as OCSF and syslog too", async (context) => {
    const [dataDir, at] = [folder(context), await url()];
    const lines: string[] = [];
    const server = createTcp((socket) => {
      let text = "";
      socket.on("data", (bytes) => void (text += bytes.toString()));
      socket.on("end", () => lines.push(text));
    });
    const away: OutgoingSettings = {
      webhook: undefined,
      syslog: { transport: "tcp", host: "127.0.0.1", port: 1, ca: undefined },
      format: "ocsf",
    };
    const before = await room(context, away, dataDir, at);
    await before.store.write(transfer({ verdict: "allow", reason: undefined, transferred: true }));
    await before.flush();
    await before.close();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    context.after(() => new Promise((resolve) => server.close(resolve)));
    const { port } = server.address() as AddressInfo;
    const after = await room(context, { ...away, syslog: { transport: "tcp", host: "127.0.0.1", port, ca: undefined } }, dataDir, at);
    await until(async () => (await after.flush(), lines.length >= 2), "incident and checkpoint arrive");
    const incident = lines.find((line) => line.includes(" incident - "));
    const [, length, priority, json] = /^(\d+) <(\d+)>1 \S+ \S+ egress-proxy \d+ incident - (\{.*\})$/.exec(incident ?? "") ?? [];
    assert.equal(Number(length), Buffer.byteLength(incident ?? "") - String(length).length - 1);
    assert.equal(priority, "105", "log audit, alert: it reached the vendor");
    const event = ocsf.parse(JSON.parse(json ?? ""));
    assert.deepEqual([event.class_uid, event.type_uid, event.severity_id], [2004, 200_401, 5]);
    assert.match(event.finding_info?.uid ?? "", /^inc-/);
  });

  test("a vendor who does not answer in time is told of once an incident, and again past a reminder's date", async (context) => {
    const { url: hook, got } = await receiver(context);
    const outgoing: OutgoingSettings = { webhook: { url: hook, secret: SECRET, ca: undefined }, syslog: undefined, format: "ecs" };
    const made = await room(context, outgoing, folder(context), await url());
    const alike = [transfer(), transfer()];
    const other = transfer({ eventKind: "identify", verdict: "allow", reason: undefined, transferred: true });
    for (const one of [...alike, other]) {
      await made.store.write(one);
      for (const status of ["confirmed", "reported"] as const)
        await made.store.setStatus(one.id, { status, by: "kim", why: "Ticket 12.", at: 1, due: 1_700_000_000_000 });
    }
    await until(async () => (await made.flush(), got.length === 2), "both incidents are told");
    const overdue = () =>
      got
        .map(({ body }) => ecs.parse(JSON.parse(body)))
        .filter(({ event }) => event.action === "vendor-answer-overdue")
        .map(({ egress }) => [egress["records"], egress["transferred"], egress["due"]]);
    await made.tellOverdue();
    await made.tellOverdue();
    await until(async () => (await made.flush(), got.length === 4), "both are overdue");
    assert.deepEqual(
      overdue().toSorted((one, other) => Number(one[0]) - Number(other[0])),
      [
        [1, true, "2023-11-14T22:13:20.000Z"],
        [2, false, "2023-11-14T22:13:20.000Z"],
      ],
    );
    await made.store.setStatus(other.id, { status: "reported", by: "kim", why: "Reminded.", at: 2, due: 1_800_000_000_000 });
    await made.tellOverdue();
    await made.store.setStatus(other.id, { status: "reported", by: "kim", why: "Reminded.", at: 3, due: 1_700_000_500_000 });
    await made.tellOverdue();
    await until(async () => (await made.flush(), got.length === 5), "the reminder's date passed too");
    assert.deepEqual(overdue().at(-1), [1, true, "2023-11-14T22:21:40.000Z"]);
  });
}
