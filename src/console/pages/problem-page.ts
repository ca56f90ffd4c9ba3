import { html } from "hono/html";
import type { ConsoleContext, ConsoleParts } from "../console-parts.js";
import type { Problem } from "../problem.js";
import type { Html } from "./layout.js";
import { page } from "./layout.js";

/** What went wrong, for a person. */
export function problemPage(context: ConsoleContext, parts: ConsoleParts, problem: Problem): Html {
  const invalid = problem.invalid.map(({ name, reason }) => html`<li><code>${name === "" ? "request" : name}</code>: ${reason}</li>`);
  return page(context, parts, {
    title: problem.title,
    section: "none",
    body: html`<div class="empty fault" role="alert">
      <p class="code">${problem.status}</p>
      <h1>${problem.title}</h1>
      ${problem.detail === undefined ? "" : html`<p>${problem.detail}</p>`} ${invalid.length === 0 ? "" : html`<ul>${invalid}</ul>`}
      <p><a class="button" href="/">To the overview</a></p>
    </div>`,
  });
}
