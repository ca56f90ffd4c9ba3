import { Readable } from "node:stream";
import { CSV_HEAD, csvLine } from "../model/record-csv.js";
import type { DeskFilter, DeskRecord } from "../model/record-desk.js";
import type { ConsoleContext, ConsoleParts } from "./console-parts.js";
import { ask } from "./desk-access.js";

interface Wanted {
  readonly who: string;
  readonly type: "application/x-ndjson" | "text/csv";
  readonly filter: DeskFilter;
}

/**
 * Streams every record that matches, as it is read. The first one is read before the head is sent, so that a store that is away is still a
 * 503; a fault after that cuts the connection, so that nobody takes a part for the whole.
 */
export async function exportTransfers(
  context: ConsoleContext,
  { desk, audit, logger }: ConsoleParts,
  { who, type, filter }: Wanted,
): Promise<Response> {
  audit.note({ who, from: context.get("client").address, what: `exported transfers as ${type}` });
  const iterator = desk.exportAll({ ...filter, limit: undefined })[Symbol.asyncIterator]();
  const first = await ask(() => iterator.next());
  const line = (record: DeskRecord): string => (type === "text/csv" ? `${csvLine(record)}\r\n` : `${JSON.stringify(record)}\n`);
  async function* lines(): AsyncGenerator<string, void> {
    try {
      if (type === "text/csv") yield `${CSV_HEAD}\r\n`;
      for (let step = first; step.done !== true; step = await iterator.next()) yield line(step.value);
    } catch (error) {
      // Cut here and not by an error through the server, which would print the store's own message.
      logger.error("An export broke off.", { fault: error instanceof Error ? error.name : "unknown" });
      context.env.outgoing.destroy();
    } finally {
      await iterator.return?.();
    }
  }
  context.header("Content-Disposition", `attachment; filename="transfers.${type === "text/csv" ? "csv" : "ndjson"}"`);
  context.header("Vary", "Accept, Authorization, Cookie");
  context.header("Content-Type", type === "text/csv" ? "text/csv; charset=utf-8; header=present" : type);
  return context.body(Readable.toWeb(Readable.from(lines(), { objectMode: false })) as ReadableStream<Uint8Array>);
}
