import { html } from "hono/html";
import type { PolicyInForce, RuleInForce } from "../../model/console-ports.js";
import { CATEGORIES, categoryOf } from "../../model/finding.js";
import type { CaseSwitch } from "../../model/case-switch.js";
import { CASE_SCOPES, LIMITED_CASES } from "../../model/limited-case.js";
import type { CasePolicy, Destination } from "../../model/policy.js";
import { modeNow } from "../../model/policy.js";
import type { Html } from "./layout.js";
import { caseLabel, moment, number, plural } from "./marks.js";

/** The policy as it is in force: cases with their switches and what these mean, destinations, limits, rules with examples. */
export function policyBody({ policy, rules, switches = [] }: PolicyInForce, now: number): Html {
  const own = policy.destinations.filter(({ caseName }) => caseName === "operator");
  return html`<div class="title-row">
      <h1>Policy in force</h1>
      <p class="muted">Digest <code title="${policy.digest}">${policy.digest.slice(0, 16)}</code></p>
    </div>
    <p class="muted">Whatever no line here names is refused. Change it in the rules folder; the console never does.</p>
    <h2>The four Limited Cases</h2>
    <div class="columns halves">
      ${LIMITED_CASES.map((name) =>
        caseCard(
          policy.cases[name],
          policy.destinations.filter(({ caseName }) => caseName === name),
          switches.filter((entry) => entry.case === name),
          now,
        ),
      )}
    </div>
    <h2>The operator's own destinations</h2>
    ${own.length === 0 ? html`<p class="muted">None. They would be no Limited Case, and inspected like the rest.</p>` : html`<div class="card">${own.map(destinationItem)}</div>`}
    <h2>Limits</h2>
    <dl class="facts card">
      <div><dt>Body, decoded</dt><dd>${number(policy.limits.bodyBytes)} bytes</dd></div>
      <div><dt>Free string</dt><dd>${number(policy.limits.stringLength)} characters</dd></div>
      <div><dt>Depth</dt><dd>${number(policy.limits.depth)} levels</dd></div>
      <div><dt>Headers</dt><dd>${number(policy.limits.headerBytes)} bytes</dd></div>
      <div><dt>One inspection</dt><dd>${number(policy.limits.inspectionMs)} ms</dd></div>
      <div><dt>Findings listed</dt><dd>${number(policy.limits.findings)}</dd></div>
    </dl>
    <h2>Rules</h2>
    ${CATEGORIES.map((category) =>
      categorySection(
        category,
        rules.filter((rule) => categoryOf(rule.id) === category),
      ),
    )}`;
}

function caseCard(policy: CasePolicy, destinations: readonly Destination[], switches: readonly CaseSwitch[], now: number): Html {
  const { opening } = policy;
  const monitored = modeNow(opening, now) === "monitor" && opening.mode === "monitor";
  return html`<section class="card">
    <div class="title-row">
      <h3>${caseLabel(policy.name)}</h3>
      <span class="mark state-${policy.state}">${policy.state}</span>
    </div>
    <p>
      ${
        monitored
          ? html`<span class="mark state-limited">monitor</span> Findings go out until ${moment(opening.until.toISOString())}: ${opening.reason} (${opening.author})`
          : html`<span class="mark state-on">enforce</span> Findings stay here.`
      }
    </p>
    <p>${CASE_SCOPES[policy.name]}</p>
    <p class="muted">${policy.consequence}</p>
    ${switchHistory(policy, switches)}
    ${destinations.length === 0 ? html`<p class="muted">No destination is named.</p>` : destinations.map(destinationItem)}
    ${Object.entries(policy.actions).map(([rule, { action }]) => html`<p><code>${rule}</code> ${action} in this case</p>`)}
  </section>`;
}

/** Who set the switch to what it is, and what it was before: the newest few. */
function switchHistory({ changed }: CasePolicy, switches: readonly CaseSwitch[]): Html {
  const said = changed === undefined ? "" : html`<p>Set ${moment(changed.at.toISOString())} by ${changed.by}: ${changed.reason}</p>`;
  if (switches.length === 0) return html`${said}`;
  return html`${said}
    <details>
      <summary>${plural(switches.length, "change")} in force here</summary>
      <ul class="plain">
        ${switches
          .slice(-10)
          .toReversed()
          .map(
            ({ at, from, to, by, reason }) =>
              html`<li>${moment(new Date(at).toISOString())}: ${from ?? "first policy"} → ${to}<span class="sub">${by === null ? "The policy does not say who." : `${by}: ${reason ?? ""}`}</span></li>`,
          )}
      </ul>
    </details>`;
}

function destinationItem(destination: Destination): Html {
  const port = destination.port === (destination.scheme === "https" ? 443 : 80) ? "" : `:${destination.port}`;
  return html`<div class="destination">
    <h4>${destination.name}</h4>
    <ul class="plain">
      ${destination.routes.map(
        (route) => html`<li>
          <code>${route.methods.join(", ")} ${destination.scheme}://${destination.host}${port}${route.path}</code>
          <span class="sub">${[route.contentTypes.join(", "), route.schema ?? "", route.querySchema === undefined ? "" : `query ${route.querySchema}`].filter((part) => part !== "").join("; ") || "no body"}</span>
        </li>`,
      )}
    </ul>
  </div>`;
}

function categorySection(category: string, rules: readonly RuleInForce[]): Html {
  if (rules.length === 0) return html``;
  return html`<section>
    <h3><code class="rule ${category}">${category}</code> <span class="muted">${plural(rules.length, "rule")}</span></h3>
    ${rules.map(
      (rule) => html`<details class="card rule-card" id="${rule.id}">
        <summary><code>${rule.id}</code> ${rule.title} <span class="mark action-${rule.action}">${rule.action}</span></summary>
        <p>${rule.why}</p>
        <div class="columns">
          <div><h4>Matches</h4>${examples(rule.examples.match)}</div>
          <div><h4>Passes</h4>${examples(rule.examples.pass)}</div>
        </div>
      </details>`,
    )}
  </section>`;
}

function examples(list: readonly unknown[]): Html {
  return html`<ul class="examples">
    ${list.slice(0, 6).map((example) => html`<li><code>${exampleText(example)}</code></li>`)}
  </ul>`;
}

function exampleText(example: unknown): string {
  const text = typeof example === "string" ? example : JSON.stringify(example);
  return text.length > 160 ? `${text.slice(0, 160)}…` : text;
}
