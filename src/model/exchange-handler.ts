import type { AnswerSink } from "./answer.js";
import type { Client, ConnectHead, Entry, Exchange, Head, Origin } from "./exchange.js";
import type { Refusal } from "./refusal.js";
import type { Target } from "./target.js";

/** A request's body, unread until asked for. */
export interface BodySource {
  /** Whether the request announces a body. */
  readonly present: boolean;
  /**
   * Reads the body whole, bounded in bytes and time; sends `100 Continue` first where the client waits for it.
   *
   * @param limit bytes as they stand on the wire, before content codings
   */
  capture(limit: number): Promise<Buffer | Refusal>;
}

/** What is known of a connection before, or without, a readable request. */
export interface ConnectionContext {
  readonly client: Client;
  readonly entry: Entry;
  /** The tunnel's target, where there is one. */
  readonly target: Target | undefined;
}

/**
 * What the listeners need of everything behind them. Each call answers through the sink, never throws for what a client did, and has the
 * exchange on disk before it answers where it must be (invariant 6).
 */
export interface ExchangeHandler {
  readonly parseHead: (bytes: Buffer, origin: Origin) => Head | Refusal;
  /** One request whose head is readable. */
  handle(exchange: Exchange, body: BodySource, answer: AnswerSink): Promise<void>;
  /** A CONNECT: undefined where the tunnel may open (its requests are judged one by one), else what was answered is a refusal. */
  connect(head: ConnectHead, context: ConnectionContext): Refusal | undefined;
  /** A message, handshake or tunnel that can't be read or may not be: recorded and answered. */
  refuse(refused: Refusal, context: ConnectionContext, answer: AnswerSink): Promise<void>;
}
