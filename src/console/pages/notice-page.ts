import { html } from "hono/html";
import type { ConsoleContext } from "../console-parts.js";
import type { Notice } from "../notice.js";
import { noticeMarkdown } from "../notice.js";
import type { Html } from "./layout.js";

/** The notice as it would be sent, to read, copy or download. */
export function noticePage(_context: ConsoleContext, notice: Notice): Html {
  const path = `/transfers/${encodeURIComponent(notice.record)}`;
  return html`<nav aria-label="Where this is" class="crumbs"><a href="/transfers">Transfers</a> › <a href="${path}">Transfer</a></nav>
    <div class="title-row">
      <h1>Notice to the vendor</h1>
      <p><a class="button" href="${path}/notice.md">Markdown</a> <a class="button" href="${path}/notice.json">JSON</a></p>
    </div>
    <p class="lead">
      ${
        notice.reached
          ? "It reached the vendor, so the notice asks for its deletion."
          : "Nothing of it reached the vendor, so the notice asks for no deletion, only for the code to be mended."
      }
    </p>
    <div class="card letter" tabindex="0" role="region" aria-label="The notice"><pre>${noticeMarkdown(notice)}</pre></div>
    <p class="muted">The console sends nothing. Send it the way your contract names, then mark the transfer as reported.</p>`;
}
