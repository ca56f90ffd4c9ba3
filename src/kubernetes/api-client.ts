import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";

/** Where the API server answers, and what a pod proves itself with. */
export interface ApiServer {
  readonly host: string;
  readonly port: number;
  /** Folder of `token` and `ca.crt`, as a service account's volume has them. Read anew for each request: tokens are replaced every hour. */
  readonly credentials: string;
}

/** An answer other than 200. */
export class ApiError extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`The API server answered ${status}.`);
    this.name = "ApiError";
    this.status = status;
  }
}

/** No line or list is read past this: an API server that has gone mad must not fill our memory. */
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * Asks for a path and hands out the answer line by line as it comes; a list is one line.
 *
 * @param idleMs silence after which the connection counts as dead
 * @throws ApiError for an answer other than 200; Error where it can't be reached, falls silent, or says a line too long
 */
export async function* readLines(server: ApiServer, path: string, idleMs: number, signal: AbortSignal): AsyncGenerator<string> {
  const headers = { authorization: `Bearer ${readFileSync(join(server.credentials, "token"), "utf8").trim()}`, accept: "application/json" };
  const ca = readFileSync(join(server.credentials, "ca.crt"));
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request({ host: server.host, port: server.port, path, headers, ca, signal, agent: false, timeout: idleMs }, resolve);
    asked.on("timeout", () => asked.destroy(new Error("The API server fell silent.")));
    asked.on("error", reject);
    asked.end();
  });
  if (answer.statusCode !== 200) {
    answer.destroy();
    throw new ApiError(answer.statusCode ?? 0);
  }
  answer.setEncoding("utf8");
  let rest = "";
  for await (const piece of answer) {
    rest += String(piece);
    if (rest.length > MOST_BYTES) throw new Error("The API server's answer is too long.");
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}
