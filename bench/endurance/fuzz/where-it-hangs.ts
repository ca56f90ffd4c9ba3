import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { basename } from "node:path";
import { WebSocket } from "undici";
import { z } from "zod";

const WITHIN_MS = 10_000;
const MOST_FRAMES = 20;
const scriptParsed = z.object({ method: z.literal("Debugger.scriptParsed"), params: z.object({ scriptId: z.string(), url: z.string() }) });
const paused = z.object({
  method: z.literal("Debugger.paused"),
  params: z.object({
    callFrames: z.array(z.object({ functionName: z.string(), location: z.object({ scriptId: z.string(), lineNumber: z.number() }) })),
  }),
});

/**
 * Where a Node process that says nothing is at work, by its inspector, which runs on a thread of its own and stops JavaScript in the middle of
 * a loop: `function file:line`, innermost first. "in no JavaScript" where it waits, or is in native code, for ten seconds.
 *
 * @param child with a piped stderr, on which Node names the inspector's address after SIGUSR1
 */
export async function whereItHangs(child: ChildProcess): Promise<string> {
  const late = AbortSignal.timeout(WITHIN_MS);
  try {
    const address = inspectorOf(child, late);
    child.kill("SIGUSR1");
    const socket = new WebSocket(await address);
    await once(socket, "open", { signal: late });
    const files = new Map<string, string>();
    const stopped = new Promise<string>((resolve, reject) => {
      late.addEventListener("abort", () => reject(new Error("late")));
      socket.addEventListener("message", ({ data }) => {
        const told: unknown = JSON.parse(String(data));
        const script = scriptParsed.safeParse(told);
        if (script.success) files.set(script.data.params.scriptId, basename(script.data.params.url));
        const message = paused.safeParse(told);
        if (!message.success) return;
        const frames = message.data.params.callFrames.slice(0, MOST_FRAMES);
        resolve(
          frames
            .map(({ functionName, location }) => `${functionName} ${files.get(location.scriptId) ?? "?"}:${location.lineNumber + 1}`)
            .join(" < "),
        );
      });
    });
    socket.send(JSON.stringify({ id: 1, method: "Debugger.enable" }));
    socket.send(JSON.stringify({ id: 2, method: "Debugger.pause" }));
    return await stopped;
  } catch {
    return "in no JavaScript";
  }
}

async function inspectorOf(child: ChildProcess, late: AbortSignal): Promise<string> {
  for (let text = ""; ; ) {
    const [piece]: unknown[] = child.stderr === null ? [] : await once(child.stderr, "data", { signal: late });
    text += String(piece);
    const address = /ws:\/\/\S+/.exec(text)?.[0];
    if (address !== undefined) return address;
  }
}
