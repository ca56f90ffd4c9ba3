import { textOf } from "../json-writer.js";
import type { Split } from "../labelled-case.js";
import type { Rng } from "../random.js";
import { type DestinationKind, type Draft, headerPlace, type Place, place } from "./draft.js";

export const GA_COLLECT: DestinationKind = {
  name: "ga-collect",
  places: [
    parameter("open", "text", "ep.description"),
    parameter("open", "text", "dt"),
    parameter("open", "member", undefined),
    parameter("open", "json-string", "ep.payload"),
    page("open", "dl", "https://annot.acme-hospital.org/project/list?search="),
    parameter("held-back", "text", "ep.error_message"),
    parameter("held-back", "member", undefined),
    parameter("held-back", "json-string", "up.state"),
    page("held-back", "dr", "https://annot.acme-hospital.org/job/12?tab=2&note="),
    line("held-back"),
    line("open"),
    headerPlace("held-back", "x-client-note"),
  ],
  draft(rng) {
    const error = rng.chance(0.3);
    const draft: Draft = {
      template: error ? "ga-collect/exception" : "ga-collect/page-view",
      method: "POST",
      origin: "https://www.google-analytics.com",
      path: "/g/collect",
      query: [
        ["v", "2"],
        ["tid", "G-7ZK3Q1XW0D"],
        ["en", error ? "exception" : "page_view"],
        ["dl", `https://annot.acme-hospital.org/${rng.pick(["job/list", "studio/annotate/12", "reports"])}`],
        ["dt", "Diffgram"],
        ["dr", `https://annot.acme-hospital.org/${rng.pick(["home/dashboard", "projects", "job/list", "me"])}`],
      ],
      headers: [
        ["User-Agent", browser(rng)],
        ["Accept", "*/*"],
        ["Content-Type", "text/plain;charset=UTF-8"],
      ],
      style: "javascript",
      json: undefined,
      lines: rng.chance(0.2) ? [[["en", "user_engagement"]]] : [],
    };
    return draft;
  },
};

function browser(rng: Rng): string {
  return `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${rng.int(120, 131)}.0.0.0 Safari/537.36`;
}

/** A query parameter; a member becomes `ep.<key>` or `up.<key>`. */
function parameter(split: Split, takes: Place["takes"], fixed: string | undefined): Place {
  return place(takes === "json-string" ? "json-string" : "query", split, takes, (draft, key, value) => {
    const name = fixed ?? `${split === "open" ? "ep" : "up"}.${key}`;
    const existing = draft.query.find((pair) => pair[0] === name);
    const text = takes === "json-string" ? JSON.stringify({ [key]: value }) : textOf(value);
    if (existing === undefined) draft.query.push([name, text]);
    else existing[1] = text;
    return `query:${name}`;
  });
}

/** Inside the query of a page's address, and so percent-encoded twice on the wire. */
function page(split: Split, name: "dl" | "dr", address: string): Place {
  return place("query-url", split, "text", (draft, _key, value) => {
    const pair = draft.query.find((candidate) => candidate[0] === name);
    if (pair !== undefined) pair[1] = address + encodeURIComponent(textOf(value));
    return `query:${name}`;
  });
}

function line(split: Split): Place {
  return place("form-line", split, "text", (draft, _key, value) => {
    const name = split === "open" ? "ep.note" : "ep.reason";
    draft.lines.push([
      ["en", "exception"],
      [name, textOf(value)],
    ]);
    return `form:${name}`;
  });
}
