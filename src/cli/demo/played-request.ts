import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";

/** A request as a Diffgram client sends it, from a file of `demo/traffic`. */
export interface PlayedRequest {
  /** The file's name without ending: `udt-track-email.segment`. */
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/**
 * Reads every `*.http` of a folder: request line, fields, an empty line, a body in which `{{date}}`, `{{timestamp}}` and `{{uuid}}` stand
 * for values of now, since a date far from now is itself a finding.
 *
 * @throws Error naming a file that is no such request
 */
export function readTraffic(folder: string, now: Date): PlayedRequest[] {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".http"))
    .sort();
  return files.map((name) => parseRequest(basename(name, ".http"), readFileSync(join(folder, name), "utf8"), now));
}

function parseRequest(name: string, text: string, now: Date): PlayedRequest {
  const gap = text.indexOf("\n\n");
  const [requestLine = "", ...fields] = text.slice(0, gap).split("\n");
  const [method, path] = requestLine.split(" ");
  const headers = Object.fromEntries(
    fields.map((field) => {
      const colon = field.indexOf(":");
      return [field.slice(0, colon), field.slice(colon + 1).trim()];
    }),
  );
  const host = headers["Host"];
  if (gap < 0 || method === undefined || path === undefined || host === undefined)
    throw new Error(`${name}.http holds no request line, Host field and body.`);
  const body = text
    .slice(gap + 2)
    .trimEnd()
    .replaceAll("{{date}}", now.toISOString().slice(0, 10))
    .replaceAll("{{timestamp}}", now.toISOString().replace("Z", "000+00:00"))
    .replaceAll("{{uuid}}", () => randomUUID());
  return { name, method, path, host, headers, body: Buffer.from(body) };
}
