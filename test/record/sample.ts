import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Finding } from "../../src/model/finding.js";
import type { Logger } from "../../src/model/ports.js";
import type { Transfer } from "../../src/model/transfer.js";
import type { RecordStore } from "../../src/record/record-store.js";
import type { RecordStoreOptions } from "../../src/record/record-store-options.js";
import { openRecordStore } from "../../src/record/record-store.js";

export const finding: Finding = {
  rule: "pii/email",
  pointer: "/batch/0/properties/email",
  view: "body",
  range: [120, 143],
  action: "block",
  mask: "********",
  hmac: "ab".repeat(32),
  why: "The field's name and its value's form are an e-mail address's.",
};

/** A Segment track that was refused; every call is another UDT unless `identity` says otherwise. */
export function transfer(over: Partial<Transfer> = {}): Transfer {
  const id = over.id ?? randomUUID();
  return {
    id,
    at: Date.now(),
    client: "10.0.0.7",
    entry: "connect",
    caseName: "event-collection",
    destination: "segment",
    host: "api.segment.io",
    port: 443,
    method: "POST",
    path: "/v1/batch",
    verdict: "block",
    reason: "unexpected-data-transfer",
    findings: [finding],
    moreFindings: 0,
    transferred: false,
    unexpected: true,
    identity: `identity-${id}`,
    eventKind: "track",
    bodyBytes: 769,
    bodyHmac: "cd".repeat(32),
    structure: '{"batch":[{"type":"string(5)"}]}',
    policyDigest: "ef".repeat(32),
    ...over,
  };
}

/** A folder that is gone after the test. */
export function folder(context: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "egress-record-"));
  context.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

export interface Said {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A logger that keeps what it is told. */
export function listener(): Logger & { readonly said: Said[] } {
  const said: Said[] = [];
  const at =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      void said.push({ level, message, fields });
  return { said, debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Opens a store that is closed after the test, if it wasn't before. */
export async function opened(
  context: TestContext,
  options: Partial<RecordStoreOptions> & { readonly dataDir: string },
): Promise<RecordStore> {
  const store = await openRecordStore({ logger: listener(), clock: { now: () => Date.now() }, ...options });
  let closing: Promise<void> | undefined;
  const close = store.close.bind(store);
  store.close = () => (closing ??= close());
  context.after(() => store.close());
  return store;
}

/** Waits until `holds` is true. */
export async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`Waited in vain: ${what}`);
}
