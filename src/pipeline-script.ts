import { decodeContent } from "./body/content-coding.js";
import { scriptFacts, type ScriptFacts } from "./forward/script-facts.js";
import { SCRIPT_BYTES, WatchedAnswer } from "./forward/watched-answer.js";
import type { AnswerSink } from "./model/answer.js";
import { header, type HeaderField } from "./model/exchange.js";
import { type Finding, MASK } from "./model/finding.js";
import type { Pseudonyms } from "./model/ports.js";
import type { Judged } from "./pipeline-parts.js";

/** What a destination's script turned out to be. */
export interface ScriptVerdict {
  /** Lines for the inventory: what is new there is a material change. */
  readonly outline: readonly string[];
  /** Why it is not handed on; undefined where it may be. */
  readonly finding: Finding | undefined;
}

/** Watches the answer where the route serves a script; holds it where the policy pins what may be served. */
export function watchScript({ route, head }: Judged, answer: AnswerSink): WatchedAnswer | undefined {
  if (route.script === undefined || head.method !== "GET") return undefined;
  return new WatchedAnswer(answer, route.script.pinned.length > 0);
}

/** A script is asked for uncoded: its digest is to be that of its text, whatever coding the day brings. */
export function askUncoded(headers: readonly HeaderField[]): HeaderField[] {
  return [...headers.filter(([name]) => name.toLowerCase() !== "accept-encoding"), ["Accept-Encoding", "identity"]];
}

/** Judges a script that has come whole. An error's page is no script: browsers run none of it, so it is only handed on. */
export function judgeScript(watched: WatchedAnswer, { route, head, rules }: Judged, pseudonyms: Pseudonyms): ScriptVerdict {
  const { status, headers, body } = watched.seen;
  if (status >= 400) return { outline: [], finding: undefined };
  const pinned = route.script?.pinned ?? [];
  const limits = { ...rules.index.policy.limits, bodyBytes: SCRIPT_BYTES };
  const decoded = body === undefined || status !== 200 ? undefined : decodeContent(body, header(headers, "content-encoding"), limits);
  const script = decoded?.ok === true ? decoded.value : undefined;
  const facts = script === undefined ? undefined : scriptFacts(script);
  const fits = pinned.length === 0 || (facts !== undefined && pinned.includes(facts.digest));
  return {
    outline: outlineOf(head.path, facts),
    finding: fits
      ? undefined
      : {
          rule: "integrity/script-changed",
          pointer: "answer",
          view: "answer",
          action: "block",
          mask: MASK,
          hmac: pseudonyms.hmac(script ?? ""),
          why: `${whatCame(facts)}, which is none that the policy pins for ${head.path}.`,
          reason: "script-changed",
        },
  };
}

function outlineOf(path: string, facts: ScriptFacts | undefined): string[] {
  if (facts === undefined) return [`answer ${path}\tscript that can't be read\t`];
  const version = facts.version === undefined ? "" : ` version ${facts.version}`;
  return [`answer ${path}\tscript ${facts.digest}${version}\t`, ...facts.hosts.map((host) => `answer ${path} names ${host}\thost\t`)];
}

function whatCame(facts: ScriptFacts | undefined): string {
  if (facts === undefined) return "The destination served what can't be read as a script";
  const version = facts.version === undefined ? "" : `, version ${facts.version}`;
  return `The destination served a script with the digest ${facts.digest}${version}`;
}
