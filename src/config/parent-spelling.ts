import type { ParentProxy } from "../model/policy.js";
import { readHostPort, writeHostPort } from "./host-spelling.js";

/** `http://HOST:PORT` or `https://HOST:PORT`, nothing more: undefined where the text says anything else, credentials among it. */
export function readParentProxy(written: string): ParentProxy | undefined {
  const [, scheme, rest] = /^(https?):\/\/([^/?#@]+)\/?$/.exec(written) ?? [];
  const place = rest === undefined ? undefined : readHostPort(rest);
  if (place === undefined) return undefined;
  return { scheme: scheme === "https" ? "https" : "http", ...place };
}

export function writeParentProxy(parent: ParentProxy): string {
  return `${parent.scheme}://${writeHostPort(parent)}`;
}
