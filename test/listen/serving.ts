import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { ChunkedDecoder } from "../../src/http/chunked.js";
import { parseHead } from "../../src/http/head.js";
import { judgeServerName } from "../../src/http/server-name.js";
import { parseStreamHead } from "../../src/http/stream-head.js";
import { BodyBudget } from "../../src/listen/body-budget.js";
import { ConnectionLedger } from "../../src/model/connection-ledger.js";
import type { ListeningOptions } from "../../src/listen/explicit-listener.js";
import { FailedHandshakes } from "../../src/listen/failed-handshakes.js";
import type { ServingParts } from "../../src/listen/secure-connection.js";
import type { ExchangeHandler } from "../../src/model/exchange-handler.js";
import type { LogFields, Metrics } from "../../src/model/ports.js";
import { openAuthority } from "../../src/tls/authority.js";
import { LeafCache } from "../../src/tls/leaf-cache.js";

/* What stands behind a listener, without a policy, a destination or a record: heads are read, leaves minted and bodies counted for real. */

/** What a listener said and counted. */
export interface Heard {
  readonly refused: string[];
  readonly blocked: string[];
  readonly failures: string[];
  readonly errors: LogFields[];
  readonly warnings: LogFields[];
}

export interface Serving extends Heard {
  readonly parts: ServingParts;
  /** Of the CA that signs the leaves. */
  readonly caPem: string;
  readonly remove: () => void;
}

/** @param handle answers an exchange; else it is answered with `ok` */
export async function serving(handle?: ExchangeHandler["handle"]): Promise<Serving> {
  const folder = mkdtempSync(join(tmpdir(), "egress-serving-"));
  const authority = await openAuthority({ dir: folder, now: Date.now(), createIfMissing: true });
  const heard: Heard = { refused: [], blocked: [], failures: [], errors: [], warnings: [] };
  const logger: ServingParts["logger"] = {
    debug: () => undefined,
    info: () => undefined,
    warn: (_, fields) => void heard.warnings.push(fields ?? {}),
    error: (_, fields) => void heard.errors.push(fields ?? {}),
  };
  const handler: ExchangeHandler = {
    parseHead,
    connect: () => undefined,
    handle:
      handle ??
      ((_, __, answer) => {
        answer.head(200, [["Content-Length", "2"]]);
        answer.data(Buffer.from("ok"));
        answer.end();
        return Promise.resolve();
      }),
    refuse: (why, _, answer) => {
      heard.refused.push(why.refused);
      answer.head(403, [["Content-Length", "0"]]);
      answer.end();
      return Promise.resolve();
    },
  };
  const parts: ServingParts = {
    handler,
    leaves: new LeafCache({ authority, clock: { now: () => Date.now() } }),
    newChunkedDecoder: () => new ChunkedDecoder(),
    parseStreamHead,
    judgeServerName,
    bounds: { headerBytes: 4_000, headersMs: 20_000, bodyMs: 20_000, idleMs: 20_000, handshakeMs: 20_000 },
    bodies: new BodyBudget(1_000_000),
    failedHandshakes: new FailedHandshakes(logger),
    http2Streams: 20,
    logger,
    metrics: {
      ...SILENT,
      blocked: (_, reason) => void heard.blocked.push(reason),
      tlsFailure: (_, reason) => void heard.failures.push(reason),
    },
  };
  return { ...heard, parts, caPem: authority.certificatePem, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const nothing = (): void => undefined;
const SILENT: Metrics = {
  request: nothing,
  blocked: nothing,
  finding: nothing,
  bodyBytes: nothing,
  inspectionSeconds: nothing,
  requestSeconds: nothing,
  unexpectedTransfer: nothing,
  limited: nothing,
  upstreamError: nothing,
  tlsFailure: nothing,
  leafCertificate: nothing,
};

/** On a port of its own, with room for `most` connections. */
export function anywhere(most = 1_000, overload?: Buffer): ListeningOptions {
  return {
    address: { host: "127.0.0.1", port: 0 },
    setting: "listen.proxy",
    ledger: new ConnectionLedger(most, most),
    overload,
    trusted: undefined,
  };
}

/** A client that keeps its side open whatever comes, and what it heard. */
export interface Client {
  readonly socket: Socket;
  readonly heard: () => string;
  /** Until the other side has ended. @returns all that was heard */
  readonly over: () => Promise<string>;
}

export async function client(port: number): Promise<Client> {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  let heard = "";
  let ended = false;
  socket.on("data", (piece: Buffer) => (heard += piece.toString("latin1")));
  socket.on("error", () => undefined);
  for (const event of ["end", "close"]) socket.once(event, () => (ended = true));
  await once(socket, "connect");
  return {
    socket,
    heard: () => heard,
    over: async () => {
      if (!ended) await Promise.race([once(socket, "end"), once(socket, "close")]);
      return heard;
    },
  };
}
