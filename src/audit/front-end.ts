import { isTestPath, type CheckoutFile } from "./checkout.js";
import type { Observation } from "./finding.js";
import { internalReason } from "./hosts.js";
import { lineAt, lineStartsOf } from "./python/program.js";
import { scriptTexts } from "./script-tokens.js";
import { vendoredUnder } from "./vendored.js";

/** Hosts that hold a tag manager, an analytics library or a session recorder; the last label says what it is. */
const TAG_MANAGERS: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\.)googletagmanager\.com$/, "Google Tag Manager"],
  [/(?:^|\.)google-analytics\.com$/, "Google Analytics"],
  [/(?:^|\.)segment\.(?:com|io)$/, "Segment"],
  [/(?:^|\.)hotjar\.com$/, "Hotjar"],
  [/(?:^|\.)fullstory\.com$/, "FullStory"],
  [/(?:^|\.)mixpanel\.com$/, "Mixpanel"],
  [/(?:^|\.)intercom(?:cdn)?\.(?:io|com)$/, "Intercom"],
  [/(?:^|\.)newrelic\.com$|(?:^|\.)nr-data\.net$/, "New Relic browser agent"],
];
const SENTRY = /(?:^|\.)sentry(?:-cdn)?\.(?:io|com)$/;
/** Names that stand for XML vocabularies, licences and examples: no browser asks them for anything. */
const NEVER_ASKED =
  /(?:^|\.)(?:w3\.org|schema\.org|example\.(?:com|org|net)|xmlns\.com|ns\.adobe\.com|json-schema\.org|opensource\.org|creativecommons\.org|apache\.org|inkscape\.org|sodipodi\.sourceforge\.net|jgraph\.com)$/;
/** Attributes that make a browser load something by itself. */
const LOADS = new Set(["src", "srcset", "href", "action", "data", "poster", "formaction"]);
const CALLS =
  /(?:axios(?:\.\w+)?|fetch|\$http(?:\.\w+)?|XMLHttpRequest|\.open|sendBeacon|WebSocket|EventSource|importScripts|import|url:|baseURL[:=]|\.src=|dsn:)\(?(?:S,)?\(?$/;

interface Found {
  readonly host: string;
  readonly url: string;
  readonly at: number;
  readonly how: string;
  readonly comment: boolean;
}

/** Hosts that are only mentioned, by the folder of other people's code that mentions them. */
interface LeftOut {
  readonly files: Set<string>;
  readonly hosts: Set<string>;
}

/**
 * Tag managers and hosts that the front end's pages and scripts name. Comments are told apart: `in-comment`. Of libraries and bundles only
 * what is loaded or called is told line by line; what their texts merely mention (licences, manuals, examples) is summed up a folder.
 */
export function readFrontEnd(files: readonly CheckoutFile[]): Observation[] {
  const leftOut = new Map<string, LeftOut>();
  const found = files.flatMap((file) => {
    if (file.kind !== "script" && file.kind !== "vue" && file.kind !== "html") return [];
    if (isTestPath(file.path)) return [];
    const found = file.kind === "script" ? inScript(file.text, 0) : inMarkup(file.text);
    const starts = lineStartsOf(file.text);
    const containers =
      file.kind === "html" || file.kind === "vue" || found.some((one) => /googletagmanager/.test(one.host))
        ? [...file.text.matchAll(/\b(GTM-[A-Z0-9]{4,12})\b/g)]
        : [];
    const seen = new Set<string>();
    const out: Observation[] = [];
    const under = vendoredUnder(file);
    for (const one of found) {
      if (NEVER_ASKED.test(one.host) || internalReason(one.host) !== undefined || one.how === "link") continue;
      const key = `${one.host} ${one.comment} ${one.how}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const line = lineAt(starts, one.at);
      const note = one.comment ? " (in-comment: not in force)" : "";
      if (under !== undefined && (one.comment || one.how === "text")) {
        const held = leftOut.get(under) ?? { files: new Set(), hosts: new Set() };
        leftOut.set(under, held);
        held.files.add(file.path);
        held.hosts.add(one.host);
        continue;
      }
      const manager = TAG_MANAGERS.find(([pattern]) => pattern.test(one.host))?.[1] ?? (SENTRY.test(one.host) ? "Sentry" : undefined);
      const ids = [...new Set(containers.map((match) => match[1]))].join(", ");
      if (manager !== undefined && !one.comment) {
        out.push({
          kind: "tag-manager",
          file: file.path,
          line,
          name: one.host,
          detail: `${manager}${ids === "" ? "" : ` (container ${ids})`} is loaded or called (${one.how}); its script decides in the browser what it sends.`,
        });
      } else {
        out.push({
          kind: "front-end-host",
          file: file.path,
          line,
          name: one.host,
          detail: `The front end names ${one.host} (${one.how})${note}.`,
        });
      }
    }
    return out;
  });
  return [...found, ...[...leftOut].map(([under, held]) => summed(under, held))];
}

function summed(under: string, { files, hosts }: LeftOut): Observation {
  const [first = under] = [...files].sort();
  const shown = [...hosts].sort();
  const more = shown.length > 12 ? ` and ${shown.length - 12} more` : "";
  return {
    kind: "front-end-host",
    file: first,
    line: 1,
    name: `(mentioned in ${under})`,
    detail: `A library or a bundle: its texts mention ${shown.slice(0, 12).join(", ")}${more} in ${files.size === 1 ? "one file" : `${files.size} files`}, and call none of them there. What it loads or calls is listed by itself.`,
  };
}

function inScript(code: string, offset: number): Found[] {
  const out: Found[] = [];
  for (const { kind, text, at, before } of scriptTexts(code, offset)) {
    const urls =
      kind === "comment"
        ? text.matchAll(/https?:\/\/[^\s"'`<>)\\]+/g)
        : text.matchAll(/(?:^|(?<=[\s"'(=,]))(?:https?:|wss?:)?\/\/[A-Za-z0-9][^\s"'`<>)\\]*/g);
    for (const match of urls) {
      const host = hostOf(match[0]);
      if (host === undefined) continue;
      const comment = kind === "comment";
      // A comment that explains something by a link is no code; one that holds code says what once ran.
      if (comment && !/sentry|googletagmanager|google-analytics|segment|dsn|axios|fetch|src\s*=/i.test(text)) continue;
      out.push({ host, url: match[0], at, how: comment ? "comment" : CALLS.test(before) ? "call" : "text", comment });
    }
  }
  return out;
}

/** A script's text, or the content of a page's or component's script elements; none of it stands in a comment. */
export function scriptsOf({ kind, text }: CheckoutFile): readonly { readonly code: string; readonly offset: number }[] {
  if (kind === "script") return [{ code: text, offset: 0 }];
  const scripts: { code: string; offset: number }[] = [];
  inMarkup(text, (code, offset) => {
    scripts.push({ code, offset });
    return [];
  });
  return scripts;
}

/** Tags, attributes, comments and script elements of HTML and Vue files (HTML, 13.2, as far as hosts need it). */
function inMarkup(markup: string, readScript: (code: string, offset: number) => Found[] = inScript): Found[] {
  const out: Found[] = [];
  let index = 0;
  while (index < markup.length) {
    const open = markup.indexOf("<", index);
    if (open < 0) break;
    if (markup.startsWith("<!--", open)) {
      const end = markup.indexOf("-->", open + 4);
      const until = end < 0 ? markup.length : end;
      out.push(...inComment(markup.slice(open + 4, until), open));
      index = until + 3;
      continue;
    }
    const name = /^<([A-Za-z][\w-]*)/.exec(markup.slice(open, open + 64))?.[1]?.toLowerCase();
    if (name === undefined) {
      index = open + 1;
      continue;
    }
    const end = tagEnd(markup, open + name.length + 1);
    out.push(...inTag(name, markup.slice(open, end), open));
    index = end;
    if (name === "script" || name === "style") {
      const close = markup.toLowerCase().indexOf(`</${name}`, index);
      const until = close < 0 ? markup.length : close;
      const content = markup.slice(index, until);
      if (name === "script") out.push(...readScript(content, index));
      else
        for (const match of content.matchAll(/(?:@import\s+|url\()\s*["']?((?:https?:)?\/\/[^\s"')]+)/g))
          push(out, match[1] ?? "", index + match.index, "style", false);
      index = until;
    }
  }
  return out;
}

/** The end of a tag, past quoted attribute values. */
function tagEnd(markup: string, from: number): number {
  let quote = "";
  for (let index = from; index < markup.length; index += 1) {
    const char = markup[index] ?? "";
    if (quote !== "") {
      if (char === quote) quote = "";
    } else if (char === '"' || char === "'") quote = char;
    else if (char === ">") return index + 1;
  }
  return markup.length;
}

function inTag(name: string, tag: string, at: number): Found[] {
  const out: Found[] = [];
  for (const match of tag.matchAll(/([:@\w.-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)/g)) {
    const attribute = (match[1] ?? "").replace(/^(?:v-bind)?:/, "").toLowerCase();
    const value = (match[2] ?? "").replace(/^["']|["']$/g, "");
    if (!LOADS.has(attribute) && attribute !== "content") continue;
    const url = /(?:https?:)?\/\/[^\s"'`,]+/.exec(value)?.[0];
    if (url === undefined || attribute === "content") continue;
    // A link that a person may follow sends nothing by itself.
    const followed = attribute === "href" && name !== "link" && name !== "base" && name !== "image" && name !== "use";
    push(out, url, at + match.index, followed ? "link" : `<${name} ${attribute}>`, false);
  }
  return out;
}

function inComment(text: string, at: number): Found[] {
  const out: Found[] = [];
  for (const match of text.matchAll(/(?:https?:)?\/\/[A-Za-z0-9][^\s"'`<>)]*/g)) push(out, match[0], at, "comment", true);
  return out;
}

function push(out: Found[], url: string, at: number, how: string, comment: boolean): void {
  const host = hostOf(url);
  if (host !== undefined) out.push({ host, url, at, how, comment });
}

/** The host of an absolute URL that has one with a dot and no hole in it. */
function hostOf(url: string): string | undefined {
  const host = /^(?:[a-z]+:)?\/\/(?:[^/@?#]*@)?([A-Za-z0-9.-]+)(?=[/:?#]|$)/i.exec(url)?.[1]?.toLowerCase().replace(/\.$/, "");
  return host !== undefined &&
    /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/.test(host) &&
    !/\.(?:js|ts|vue|css|png|svg|html?|json|map)$/.test(host)
    ? host
    : undefined;
}
