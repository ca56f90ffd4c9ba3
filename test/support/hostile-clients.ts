import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { EVENT_HUB } from "./installation.js";
import { openTls } from "./wire.js";

/** How a client keeps a connection without ever getting to its end. */
export type Habit = "silent" | "slow-connect" | "slow-handshake" | "slow-head" | "slow-body" | "endless-head" | "big-body";

export interface HostileWish {
  readonly port: number;
  readonly ca: string;
  readonly count: number;
  readonly habits: readonly Habit[];
  /** A further byte of each this often, in milliseconds. */
  readonly everyMs: number;
  /** One that was cut is there again within so many milliseconds; by default it stays away. */
  readonly backWithinMs?: number;
}

export interface HostileClients {
  /** Those that are still connected. */
  held(): number;
  /** How many times one came back. */
  returned(): number;
  /** What they were told, by status line; a refusal is an answer, not a fault. */
  leave(): Promise<void>;
}

/** Of one address no more than a proxy takes by default. */
const OF_ONE_ADDRESS = 250;
/** Handshakes at once: more would only wait for one another. */
const AT_ONCE = 20;

/** Opens them all, from as many addresses of this machine as it takes. */
export async function holdHostileClients(wish: HostileWish): Promise<HostileClients> {
  const open = new Set<Duplex>();
  const timers = new Set<NodeJS.Timeout>();
  let left = false;
  let returned = 0;
  const hold = async (index: number): Promise<void> => {
    const habit = wish.habits[index % wish.habits.length] ?? "silent";
    const stream = await openOne(habit, wish, `127.0.1.${1 + Math.floor(index / OF_ONE_ADDRESS)}`);
    stream.on("error", () => undefined);
    if (left) {
      stream.destroy();
      return;
    }
    open.add(stream);
    stream.resume();
    // Spread over the interval, so that they do not come as one wave.
    const timer =
      habit === "silent" || habit === "big-body"
        ? undefined
        : setInterval(() => stream.writable && stream.write(drop(habit)), wish.everyMs);
    if (timer !== undefined) timers.add(timer);
    stream.on("close", () => {
      open.delete(stream);
      clearInterval(timer);
      if (timer !== undefined) timers.delete(timer);
      if (wish.backWithinMs !== undefined && !left) comeBack(index, wish.backWithinMs);
    });
  };
  const comeBack = (index: number, withinMs: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      returned += 1;
      // Turned away at the door: it tries again.
      hold(index).catch(() => left || comeBack(index, withinMs));
    }, Math.random() * withinMs);
    timers.add(timer);
  };
  let next = 0;
  const opener = async (): Promise<void> => {
    while (next < wish.count) {
      next += 1;
      await hold(next - 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, opener));
  return {
    held: () => open.size,
    returned: () => returned,
    async leave() {
      left = true;
      for (const timer of timers) clearTimeout(timer);
      const gone = [...open].map((stream) => once(stream, "close"));
      for (const stream of open) stream.destroy();
      await Promise.all(gone);
    },
  };
}

function drop(habit: Habit): Buffer {
  return habit === "endless-head" ? Buffer.from(`X-A: ${"a".repeat(250)}\r\n`) : Buffer.from("a");
}

async function openOne(habit: Habit, { port, ca }: HostileWish, localAddress: string): Promise<Duplex> {
  const to = `${EVENT_HUB}:443`;
  if (habit === "silent" || habit === "slow-connect" || habit === "slow-handshake") {
    const socket: Socket = connect({ host: "127.0.0.1", port, localAddress });
    await once(socket, "connect");
    if (habit === "slow-connect") socket.write(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\nX-A: `);
    // The head of a ClientHello that says how much is to come.
    if (habit === "slow-handshake")
      socket.write(Buffer.concat([Buffer.from(`CONNECT ${to} HTTP/1.1\r\nHost: ${to}\r\n\r\n`), Buffer.from("16030102000100", "hex")]));
    return socket;
  }
  const session = await openTls({ port, to, ca, localAddress });
  const head = `POST /api/walrus/eventhub/new HTTP/1.1\r\nHost: ${EVENT_HUB}\r\nContent-Type: application/json\r\n`;
  if (habit === "slow-head") session.write(`${head}X-A: `);
  else if (habit === "endless-head") session.write(head);
  else if (habit === "slow-body") session.write(`${head}Content-Length: 4000\r\n\r\n{"description": "`);
  else session.write(Buffer.concat([Buffer.from(`${head}Content-Length: 1000000\r\n\r\n`), Buffer.alloc(999_000, 0x20)]));
  return session;
}
