import type { Socket } from "node:net";

/** Milliseconds that an open connection waits for its request, which is being written down meanwhile. */
const WAIT_MS = 2_000;

/** Connections that are open and unused, each for a moment: whoever opened one takes it, or it is closed. */
export class ReadySockets {
  readonly #sockets = new Map<Socket, NodeJS.Timeout>();

  get size(): number {
    return this.#sockets.size;
  }

  put(socket: Socket): void {
    this.#sockets.set(
      socket,
      setTimeout(() => socket.destroy(), WAIT_MS),
    );
    // Without a listener a reset would end the process; what it means is found out by whoever takes the socket.
    socket.on("error", () => undefined);
    socket.once("close", () => this.#forget(socket));
  }

  /** One that is still open. */
  take(): Socket | undefined {
    for (const socket of this.#sockets.keys()) {
      this.#forget(socket);
      if (!socket.destroyed && !socket.readableEnded) return socket;
    }
    return undefined;
  }

  close(): void {
    for (const socket of [...this.#sockets.keys()]) {
      this.#forget(socket);
      socket.destroy();
    }
  }

  #forget(socket: Socket): void {
    clearTimeout(this.#sockets.get(socket));
    this.#sockets.delete(socket);
  }
}
