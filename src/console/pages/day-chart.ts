import { html } from "hono/html";
import { CASE_NAMES } from "../../model/limited-case.js";
import type { Summary } from "../summary.js";
import type { Html } from "./layout.js";
import { caseLabel, number } from "./marks.js";

const WIDTH = 700;
const HEIGHT = 150;
const STEP = WIDTH / 14;

/** New records of each day, stacked by case; the numbers stand in a table below it for whoever can't see it. */
export function dayChart(days: Summary["days"]): Html {
  const totals = days.map(({ counts }) => [...counts.values()].reduce((sum, count) => sum + count, 0));
  const most = Math.max(1, ...totals);
  const present = CASE_NAMES.filter((name) => days.some(({ counts }) => counts.has(name)));
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT + 22}" role="img" aria-label="New records of each of the last 14 days">
      <line x1="0" x2="${WIDTH}" y1="${HEIGHT}" y2="${HEIGHT}" class="axis" />
      ${days.map(({ day, counts }, index) => {
        let top = HEIGHT;
        const stack = CASE_NAMES.flatMap((name) => {
          const count = counts.get(name) ?? 0;
          if (count === 0) return [];
          const height = (count / most) * (HEIGHT - 24);
          top -= height;
          return [
            html`<rect class="case-${name}" x="${(index * STEP + 6).toFixed(1)}" y="${top.toFixed(1)}" width="${(STEP - 12).toFixed(1)}" height="${height.toFixed(1)}"><title>${day}, ${caseLabel(name)}: ${number(count)}</title></rect>`,
          ];
        });
        const middle = (index * STEP + STEP / 2).toFixed(1);
        const count = totals[index] ?? 0;
        return html`${stack}
          ${count === 0 ? "" : html`<text x="${middle}" y="${(top - 5).toFixed(1)}" class="value">${number(count)}</text>`}
          <text x="${middle}" y="${HEIGHT + 16}" class="${index % 2 === 0 ? "odd" : "even"}">${day.slice(8)}.${day.slice(5, 7)}.</text>`;
      })}
    </svg>
    <ul class="legend">
      ${present.map((name) => html`<li><svg viewBox="0 0 10 10" width="10" height="10" aria-hidden="true"><rect class="case-${name}" width="10" height="10" rx="2" /></svg> ${caseLabel(name)}</li>`)}
    </ul>
    <details>
      <summary>As a table</summary>
      <table class="numbers">
        <thead><tr><th scope="col">Day (UTC)</th><th scope="col" class="number">Records</th></tr></thead>
        <tbody>${days.map(({ day }, index) => html`<tr><th scope="row">${day}</th><td class="number">${number(totals[index] ?? 0)}</td></tr>`)}</tbody>
      </table>
    </details>`;
}
