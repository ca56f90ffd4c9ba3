import { randomUUID } from "node:crypto";
import { z } from "zod";
import { EVENT_HUB, played, SEGMENT, wireBytes } from "./installation.js";
import { problemOf } from "./running-proxy.js";
import { openTunnel } from "./wire.js";

const PATIENCE_MS = 15_000;

/** What clients under load were told. */
export interface Told {
  /** Records that refusals named. */
  readonly refused: string[];
  /** Marks of the events that were answered 200. */
  readonly let: string[];
}

export interface Load {
  readonly told: Told;
  /** Ends the clients, and throws what one of them met that is no cut connection. */
  stop(): Promise<void>;
}

/** Every event of `let` carries its mark here, so that the vendor's side can be held against it. */
export function marked(mark: string): Buffer {
  return wireBytes(EVENT, {}, Buffer.from(JSON.stringify({ ...BODY, project_id: Number(mark) })));
}

const EVENT = played("clean-page-visit");
const BODY = z.looseObject({}).parse(JSON.parse(EVENT.body.toString()));

/** Clients as Diffgram's are: some by a connection an event, some by a few on one. A connection that is cut is opened anew, to any of the ports. */
export function startLoad(ports: readonly number[], ca: string, clients: number): Load {
  const told: Told = { refused: [], let: [] };
  const identify = played("udt-identify");
  let over = false;
  let marks = 1_000_000;
  const rounds = async (client: number): Promise<void> => {
    for (let turn = client; !over; turn += 1) {
      // Both kinds go to each of them.
      const port = ports[(turn >> 1) % ports.length] ?? 0;
      const refusing = turn % 2 === 0;
      let patience: NodeJS.Timeout | undefined;
      // As Diffgram's clients do, which wait for 3 or 15 seconds: nobody answers a connection that was being handed over as its worker died.
      const late = new Promise<never>((_, reject) => {
        patience = setTimeout(() => reject(new Error("The connection ended early: nobody answered.")), PATIENCE_MS);
      });
      late.catch(() => undefined);
      try {
        const wire = await Promise.race([openTunnel({ port, to: `${refusing ? SEGMENT : EVENT_HUB}:443`, ca }), late]);
        for (let n = 0; n < 1 + (client % 3) && !over; n += 1) {
          if (refusing) {
            const body = Buffer.from(identify.body.toString().replace(/"messageId": "[^"]+"/, `"messageId": "${randomUUID()}"`));
            told.refused.push(String(problemOf(await Promise.race([wire.send(wireBytes(identify, {}, body)).answer(), late])).record));
          } else {
            marks += 1;
            const mark = String(marks);
            if ((await Promise.race([wire.send(marked(mark)).answer(), late])).status === 200) told.let.push(mark);
          }
        }
        wire.close();
      } catch (error) {
        throwUnlessCut(error);
        await new Promise((resolve) => setTimeout(resolve, 10));
      } finally {
        clearTimeout(patience);
      }
    }
  };
  const running = Promise.all(Array.from({ length: clients }, (_, client) => rounds(client)));
  // Met again at `stop`; until then it is no unhandled rejection.
  running.catch(() => undefined);
  return {
    told,
    async stop() {
      over = true;
      await running;
    },
  };
}

/** A connection that a kill cut is what was wanted; any other fault is a fault. */
export function throwUnlessCut(error: unknown): void {
  if (error instanceof Error && /ended early|ECONNRESET|ECONNREFUSED|EPIPE|disconnected|No tunnel/.test(error.message)) return;
  throw error;
}

/** Asks until it holds; gives up after a minute and a half: a busy machine takes twenty seconds to start a proxy. */
export async function inTime(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 90_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`It never came to be: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
