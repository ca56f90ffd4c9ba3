import type { ReportFacts } from "./facts.js";
import { type Section, sectionsOf, summaryOf } from "./sections.js";

/** One page of HTML that needs nothing from anywhere, reads on a screen in light and dark, and prints on A4 and Letter. */
export function htmlReport(facts: ReportFacts): string {
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10);
  const title = `Data transfer report, ${day(facts.period.since)} to ${day(facts.period.until)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${escaped(title)}</h1>
<p>From ${stamp(facts.period.since)} until ${stamp(facts.period.until)}, made ${stamp(facts.madeAt)}. All times are UTC.</p>
</header>
<main>
<section><h2>Summary</h2><ul>${summaryOf(facts)
    .map((sentence) => `<li>${escaped(sentence)}</li>`)
    .join("")}</ul></section>
${sectionsOf(facts).map(sectionHtml).join("\n")}
</main>
</body>
</html>
`;
}

function sectionHtml({ title, lead, head, numbers, rows }: Section): string {
  const cells = (row: readonly string[], tag: "th" | "td"): string =>
    row
      .map(
        (cell, column) =>
          `<${tag}${tag === "th" ? ' scope="col"' : ""}${numbers.includes(column) ? ' class="n"' : ""}>${wrappable(cell)}</${tag}>`,
      )
      .join("");
  const table = `<div class="wide" tabindex="0" role="region" aria-label="${escaped(title)}"><table><thead><tr>${cells(head, "th")}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row, "td")}</tr>`).join("\n")}</tbody></table></div>`;
  return `<section><h2>${escaped(title)}</h2><p>${escaped(lead)}</p>${rows.length === 0 ? "<p><em>None.</em></p>" : table}</section>`;
}

function stamp(time: number): string {
  return `<time datetime="${new Date(time).toISOString()}">${new Date(time).toISOString().slice(0, 16).replace("T", " ")}</time>`;
}

/** Traffic fills these cells. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (special) => `&#${special.charCodeAt(0)};`);
}

/** Paths and ids may break at their slashes and hyphens, so that no column runs off the paper. */
function wrappable(text: string): string {
  return escaped(text).replace(/[/_-](?=\S)/g, (mark) => `${mark}<wbr>`);
}

const STYLE = `
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--line:#d0d7de;--stripe:#f6f8fa;--paper:#fff}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9da7b3;--line:#3d444d;--stripe:#151b23;--paper:#0d1117}}
body{font:15px/1.45 system-ui,"Liberation Sans",Arial,sans-serif;color:var(--ink);background:var(--paper);margin:0 auto;padding:1.5rem;max-width:80rem}
h1{font-size:1.6rem;margin:0 0 .25rem}h2{font-size:1.15rem;margin:2rem 0 .25rem}p{margin:.25rem 0 .75rem;color:var(--soft)}li{margin:.15rem 0}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.8rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .5rem;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
th{white-space:nowrap;border-bottom-width:2px}tbody tr:nth-child(even){background:var(--stripe)}.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
@page{size:landscape;margin:12mm}
@media print{:root{color-scheme:light;--ink:#000;--soft:#333;--line:#999;--stripe:#fff;--paper:#fff}body{font-size:9.5pt;padding:0;max-width:none}
.wide{overflow:visible}table{font-size:7pt}th,.n{white-space:normal}th,td{overflow-wrap:break-word}thead{display:table-header-group}tr{break-inside:avoid}h2{break-after:avoid}th,td{padding:1.2mm 1mm}}
`;
