import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type AnswerSink, isBodiless } from "../model/answer.js";
import type { HeaderField } from "../model/exchange.js";

/**
 * Writes one HTTP/1.1 answer. The head waits for the first bytes of the body, so that a small answer is one write and one TLS record.
 */
export class AnswerWriter implements AnswerSink {
  readonly #socket: Duplex;
  readonly #request: { readonly method: string; readonly minor: 0 | 1 };
  readonly #closing: () => boolean;
  #head: string | undefined;
  #framing: "length" | "chunked" | "close" | "none" = "none";
  #left = 0;
  #keepAlive: boolean;
  #state: "fresh" | "open" | "ended" | "aborted" = "fresh";
  #onClose: (() => void) | undefined;
  #resolve: (() => void) | undefined;
  /** Resolves at the answer's end or abort. */
  readonly finished: Promise<void>;

  /** @param closing whether the connection ends with this answer, whatever the request wants; asked when the head is written */
  constructor(
    socket: Duplex,
    request: { readonly method: string; readonly minor: 0 | 1; readonly keepAlive: boolean },
    closing = (): boolean => false,
  ) {
    this.#socket = socket;
    this.#request = request;
    this.#closing = closing;
    this.#keepAlive = request.keepAlive;
    this.finished = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Whether the connection can take another request after this answer. */
  get reusable(): boolean {
    return this.#state === "ended" && this.#keepAlive;
  }

  get started(): boolean {
    return this.#state !== "fresh";
  }

  /** The connection ends with this answer. */
  closeAfter(): void {
    this.#keepAlive = false;
  }

  /** Takes `closeAfter` back: the request was read to its end after all. */
  keepOpen(): void {
    this.#keepAlive = true;
  }

  head(status: number, headers: readonly HeaderField[]): void {
    if (this.#state !== "fresh") return;
    this.#state = "open";
    let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n`;
    let length: string | undefined;
    for (const [name, value] of headers) {
      if (name.length === 14 && name.toLowerCase() === "content-length") length = value;
      text += `${name}: ${value}\r\n`;
    }
    if (this.#request.method === "HEAD" || isBodiless(status)) {
      this.#framing = "none";
    } else if (length !== undefined) {
      this.#framing = "length";
      this.#left = Number(length);
    } else if (this.#request.minor === 1) {
      this.#framing = "chunked";
      text += "Transfer-Encoding: chunked\r\n";
    } else {
      this.#framing = "close";
      this.#keepAlive = false;
    }
    this.#keepAlive &&= !this.#closing();
    this.#head = `${text}${this.#keepAlive ? "" : "Connection: close\r\n"}\r\n`;
  }

  data(chunk: Uint8Array): boolean {
    if (this.#state !== "open" || this.#framing === "none" || chunk.length === 0) return true;
    if (this.#framing === "chunked") {
      this.#write(`${chunk.length.toString(16)}\r\n`);
      this.#socket.write(chunk);
      return this.#socket.write("\r\n");
    }
    if (this.#framing === "length") {
      this.#left -= chunk.length;
      if (this.#left < 0) {
        this.abort();
        return true;
      }
    }
    return this.#write(chunk);
  }

  end(): void {
    if (this.#state !== "open") return;
    if (this.#framing === "length" && this.#left !== 0) {
      this.abort();
      return;
    }
    this.#write(this.#framing === "chunked" ? "0\r\n\r\n" : "");
    this.#state = "ended";
    this.#onClose = undefined;
    this.#resolve?.();
  }

  abort(): void {
    if (this.#state === "ended" || this.#state === "aborted") return;
    this.#state = "aborted";
    this.#keepAlive = false;
    this.#socket.destroy();
    this.#resolve?.();
  }

  onDrain(callback: () => void): void {
    if (this.#socket.writableNeedDrain) this.#socket.once("drain", callback);
    else callback();
  }

  onClose(callback: () => void): void {
    // Who asks after the client left, as an exchange that waited for its connection to the destination does, is told at once.
    if (this.#state === "aborted") callback();
    else this.#onClose = callback;
  }

  /** The client is gone; told by the connection. */
  clientLeft(): void {
    if (this.#state === "ended" || this.#state === "aborted") return;
    this.#state = "aborted";
    this.#keepAlive = false;
    this.#onClose?.();
    this.#resolve?.();
  }

  #write(piece: string | Uint8Array): boolean {
    if (this.#head === undefined) return piece.length === 0 || this.#socket.write(piece);
    const head = this.#head;
    this.#head = undefined;
    if (typeof piece === "string") return this.#socket.write(head + piece, "latin1");
    if (piece.length <= 16_384) return this.#socket.write(Buffer.concat([Buffer.from(head, "latin1"), piece]));
    this.#socket.write(head, "latin1");
    return this.#socket.write(piece);
  }
}
