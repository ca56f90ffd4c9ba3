import { html } from "hono/html";
import { FaultsError } from "../../model/fault.js";
import type { InspectionAnswer } from "../../model/console-ports.js";
import { formOf, requirePermission } from "../access/guard.js";
import type { ConsoleApp, ConsoleParts } from "../console-parts.js";
import type { Html } from "./layout.js";
import { csrfField, page } from "./layout.js";
import { caseLabel, ruleClass, shown } from "./marks.js";

const PAYLOAD = 1_048_576;

interface Asked {
  readonly to: string;
  readonly method: string;
  readonly type: string;
  readonly body: string;
}

/** What the proxy would do with a payload. It is judged in memory: not sent, not stored, not logged. */
export function addInspectPage(app: ConsoleApp, parts: ConsoleParts): void {
  const first = parts.policy().policy.destinations[0];
  const start: Asked = {
    to: first === undefined ? "" : `https://${first.host}${first.routes[0]?.path ?? "/"}`,
    method: "POST",
    type: "application/json",
    body: "",
  };

  app.get("/inspect", (context) => {
    requirePermission(context, "transfers:read");
    return context.html(
      page(context, parts, { title: "Inspect", section: "inspect", body: inspectBody(parts, csrfField(context), start) }),
    );
  });

  app.post("/inspect", async (context) => {
    requirePermission(context, "transfers:read");
    const form = await formOf(context);
    const asked: Asked = {
      to: form.get("to") ?? "",
      method: (form.get("method") ?? "POST").slice(0, 20),
      type: (form.get("type") ?? "").slice(0, 200),
      body: (form.get("body") ?? "").replaceAll("\r\n", "\n"),
    };
    let answer: InspectionAnswer | FaultsError;
    if (Buffer.byteLength(asked.body) > PAYLOAD) {
      answer = new FaultsError("It can't be judged:", [
        { where: "payload", what: "It is over 1 MiB.", mend: "Use egress-proxy inspect on a file." },
      ]);
    } else {
      try {
        answer = await parts.inspect({ to: asked.to, method: asked.method, contentType: asked.type, body: Buffer.from(asked.body) });
      } catch (error) {
        if (!(error instanceof FaultsError)) throw error;
        answer = error;
      }
    }
    const body = inspectBody(parts, csrfField(context), asked, answer);
    return context.html(page(context, parts, { title: "Inspect", section: "inspect", body }), answer instanceof FaultsError ? 400 : 200);
  });
}

function inspectBody(parts: ConsoleParts, csrf: Html, asked: Asked, answer?: InspectionAnswer | FaultsError): Html {
  const urls = parts
    .policy()
    .policy.destinations.flatMap((destination) =>
      destination.routes.map((route) => `${destination.scheme}://${destination.host}${route.path}`),
    );
  return html`<h1>Inspect</h1>
    <p class="muted">What would the proxy do with this payload? It is judged in memory: not sent, not stored, not logged.</p>
    ${answer === undefined ? "" : answer instanceof FaultsError ? faultNotice(answer) : verdictCard(answer)}
    <form method="post" action="/inspect" class="card stack" id="payload">
      ${csrf}
      <label>Where to <input name="to" type="url" required list="destinations" value="${asked.to}" maxlength="4000" /></label>
      <datalist id="destinations">${[...new Set(urls)].map((url) => html`<option value="${url}"></option>`)}</datalist>
      <div class="row">
        <label>Method <select name="method">${["POST", "GET", "PUT", "PATCH", "DELETE"].map((method) => html`<option ${method === asked.method ? html`selected` : ""}>${method}</option>`)}</select></label>
        <label class="grow">Content type <input name="type" value="${asked.type}" maxlength="200" /></label>
      </div>
      <label>Payload <textarea name="body" rows="14" class="mono" spellcheck="false" autocomplete="off">${asked.body}</textarea></label>
      <button class="primary">Inspect</button>
    </form>`;
}

function faultNotice({ faults }: FaultsError): Html {
  return html`<div class="notice bad" role="alert">${faults.map(({ where, what, mend }) => html`<p><code>${where}</code>: ${what} ${mend}</p>`)}</div>`;
}

function verdictCard(answer: InspectionAnswer): Html {
  return html`<section class="card verdict verdict-${answer.verdict}" role="status" aria-label="Verdict">
    <h2><span class="mark verdict-${answer.verdict}">${answer.verdict}</span> ${caseLabel(answer.case)}</h2>
    <p>${shown(answer.explanation)}</p>
    <ol class="findings">
      ${answer.findings.map(
        (finding) => html`<li>
          <p><code class="rule ${ruleClass(finding.rule)}">${finding.rule}</code> at <code>${finding.pointer === "" ? "the whole body" : shown(finding.pointer)}</code></p>
          <p>${shown(finding.why)}</p>
          <p class="sub">${finding.action}; seen as ${shown(finding.view)}</p>
        </li>`,
      )}
    </ol>
  </section>`;
}
