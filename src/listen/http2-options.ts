import type { Client, Entry, HeaderField, RequestHead } from "../model/exchange.js";
import type { ExchangeHandler } from "../model/exchange-handler.js";
import type { Logger } from "../model/ports.js";
import type { Refusal } from "../model/refusal.js";
import type { Target } from "../model/target.js";
import type { BodyBudget } from "./body-budget.js";
import type { ConnectionLife } from "./connection-life.js";
import type { ConnectionBounds } from "./http-connection.js";

/** What `listen/` needs of `http/` to read a stream's head. */
export type ParseStreamHead = (fields: readonly HeaderField[], target: Target, ended: boolean) => RequestHead | Refusal;

export interface Http2Options {
  readonly origin: { readonly kind: "target"; readonly target: Target };
  readonly entry: Entry;
  readonly client: Client;
  readonly handler: ExchangeHandler;
  readonly bounds: ConnectionBounds;
  readonly bodies: BodyBudget;
  readonly parseStreamHead: ParseStreamHead;
  /** Streams at once. */
  readonly streams: number;
  /** Every stream is refused so: what the handshake said did not fit the tunnel. */
  readonly refuseAll?: Refusal | undefined;
  readonly life: ConnectionLife;
  readonly logger: Logger;
}
