import { createHash } from "node:crypto";

/** What is told of a script that a destination serves to browsers. It is the vendor's and public: nothing of this installation is in it. */
export interface ScriptFacts {
  /** As in Subresource Integrity: `sha256-` and the digest in base64. */
  readonly digest: string;
  /** As a tag manager's container states it. */
  readonly version: string | undefined;
  /** Hosts that it names in a URL or as a text of their own, sorted; one that it puts together while it runs is not seen. */
  readonly hosts: readonly string[];
}

const HOSTS = 100;
const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const IN_URL = new RegExp(String.raw`(?:https?:)?(?:\\?/){2}(${LABEL}(?:\.${LABEL}){1,8})(?=[^a-z0-9.-]|$)`, "gi");
/** A host as a text of its own; the endings keep out file names and a program's own dotted names. */
const QUOTED = new RegExp(String.raw`["'](${LABEL}(?:\.${LABEL}){1,7}\.(?:com|net|org|io|dev|app|cloud|ai|eu))["'/]`, "gi");
const VERSION = /"version"\s?:\s?"([0-9]{1,6})"/;

/** Reads a script's text once, in linear time. */
export function scriptFacts(script: Uint8Array): ScriptFacts {
  const digest = `sha256-${createHash("sha256").update(script).digest("base64")}`;
  const text = Buffer.from(script).toString("latin1");
  const hosts = new Set<string>();
  for (const pattern of [IN_URL, QUOTED]) {
    for (const [, host = ""] of text.matchAll(pattern)) {
      if (hosts.size >= HOSTS) break;
      hosts.add(host.toLowerCase());
    }
  }
  return { digest, version: VERSION.exec(text)?.[1], hosts: [...hosts].sort() };
}
