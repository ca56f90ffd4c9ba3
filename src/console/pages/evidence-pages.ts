import { html } from "hono/html";
import type { DeskEvidence, DeskRecord } from "../../model/record-desk.js";
import { formOf, requirePermission } from "../access/guard.js";
import { handOut } from "../api/evidence-routes.js";
import { exceptionOf } from "../api/exception-routes.js";
import { judged } from "../api/request.js";
import { TAKING } from "../api/schemas.js";
import type { ConsoleApp, ConsoleContext, ConsoleParts } from "../console-parts.js";
import type { Html } from "./layout.js";
import { csrfField, page } from "./layout.js";
import { codeText, moment, number, shown } from "./marks.js";

/** Sealed bodies taken out, and the policy exception that a dismissal can propose. */
export function addEvidencePages(app: ConsoleApp, parts: ConsoleParts): void {
  app.post("/transfers/:id/evidence/:exchange", async (context) => {
    const { name } = requirePermission(context, "evidence:read");
    const { why } = judged(TAKING.safeParse({ why: (await formOf(context)).get("why") }));
    return handOut(context, parts, { id: context.req.param("id"), exchange: context.req.param("exchange"), by: name, why });
  });

  if (parts.propose === undefined) return;

  app.get("/transfers/:id/exception", async (context) => {
    requirePermission(context, "transfers:read");
    const { record, proposal } = await exceptionOf(parts, context.req.param("id"));
    const path = `/transfers/${encodeURIComponent(record)}`;
    const body = html`<nav aria-label="Where this is" class="crumbs"><a href="/transfers">Transfers</a> › <a href="${path}">Transfer</a></nav>
      <div class="title-row">
        <h1>Policy exception</h1>
        ${proposal.diff === "" ? "" : html`<p><a class="button" href="${path}/exception.diff">Download the diff</a></p>`}
      </div>
      <p class="lead">
        ${
          proposal.diff === ""
            ? "No change of the policy would let this out."
            : "This change of the policy would let such a transfer out for 30 days. It is a proposal: the console changes no policy."
        }
      </p>
      ${proposal.diff === "" ? "" : diffCard(proposal.diff)}
      <section class="card">
        <h2>Before anyone applies it</h2>
        <ul>${proposal.notes.map((note) => html`<li>${codeText(shown(note))}</li>`)}</ul>
      </section>
      ${
        proposal.diff === ""
          ? ""
          : html`<p class="muted">Whoever keeps the rules folder reviews it and runs <code>git apply</code> in it, then <code>egress-proxy check</code>; a running proxy reads the changed policy by itself.</p>`
      }`;
    return context.html(page(context, parts, { title: "Policy exception", section: "transfers", body }));
  });

  app.get("/transfers/:id/exception.diff", async (context) => {
    requirePermission(context, "transfers:read");
    const { record, proposal } = await exceptionOf(parts, context.req.param("id"));
    context.header("Content-Disposition", `attachment; filename="exception-${record}.diff"`);
    return context.body(proposal.diff, 200, { "Content-Type": "text/x-diff; charset=utf-8" });
  });
}

function diffCard(diff: string): Html {
  const kind = (line: string): string => {
    if (line.startsWith("+++") || line.startsWith("---") || line.startsWith("@@")) return "head";
    return line.startsWith("+") ? "added" : line.startsWith("-") ? "removed" : "same";
  };
  const lines = diff.trimEnd().split("\n");
  return html`<div class="card letter" tabindex="0" role="region" aria-label="The diff"><pre class="diff">${lines.map((line) => html`<span class="${kind(line)}">${shown(line)}</span>`)}</pre></div>`;
}

/** Which bodies of a record are kept sealed; who may, takes one out. */
export function evidenceCard(context: ConsoleContext, record: DeskRecord, evidence: readonly DeskEvidence[]): Html {
  if (evidence.length === 0) return html``;
  const permitted = context.get("principal")?.permissions.includes("evidence:read") === true;
  return html`<section class="card">
    <h2>Sealed evidence</h2>
    <p class="muted">Encrypted to the operator's recipients; neither proxy nor console can read it. Open it with <code>age --decrypt</code>.</p>
    ${evidence.map(
      ({ exchange, at, bytes }) => html`<div class="step">
        <p>${number(bytes)} bytes, sealed ${moment(at)}<span class="sub">exchange ${shown(exchange)}</span></p>
        ${
          permitted
            ? html`<form method="post" action="/transfers/${encodeURIComponent(record.id)}/evidence/${encodeURIComponent(exchange)}" class="step-form">
              ${csrfField(context)}
              <label>What is it taken out for? <input name="why" required minlength="3" maxlength="2000" autocomplete="off" /></label>
              <button>Take out ${exchange.slice(0, 13)}</button>
            </form>`
            : ""
        }
      </div>`,
    )}
    <p class="muted">${permitted ? "Who takes it out, and what for, stays in the record's chain and in the audit trail." : "An admin can take it out; who does, and what for, stays in the record's chain."}</p>
  </section>`;
}
