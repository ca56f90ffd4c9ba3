/** What stands in the frame: buttons, forms, marks, tables, the structure, the charts. */
export const COMPONENTS = `
button, .button { font: inherit; font-size: 0.9375rem; display: inline-block; min-height: 2.125rem; padding: 0.3125rem 0.875rem; border: 1px solid var(--edge); border-radius: 6px; background: var(--card); color: var(--text); cursor: pointer; text-decoration: none; text-align: center; }
button:hover, .button:hover { background: var(--sunken); }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600; }
button.primary:hover { filter: brightness(1.1); }
button.danger { color: var(--bad); border-color: var(--bad); }
button.quiet { border-color: transparent; background: none; color: var(--muted); padding: 0.25rem 0.5rem; font-size: 0.875rem; }
button.quiet:hover { background: var(--sunken); }
.button.wide { display: block; }
input, select, textarea { font: inherit; color: inherit; background: var(--card); border: 1px solid var(--edge); border-radius: 6px; padding: 0.3125rem 0.5rem; min-height: 2.125rem; max-width: 100%; }
input[type="checkbox"] { min-height: 0; width: 1.125rem; height: 1.125rem; accent-color: var(--accent); vertical-align: middle; }
textarea { width: 100%; resize: vertical; }
::placeholder { color: var(--muted); opacity: 1; }
label { display: flex; flex-direction: column; gap: 0.1875rem; font-size: 0.8125rem; color: var(--muted); }
label > input, label > select, label > textarea { font-size: 0.9375rem; color: var(--text); }
label > textarea.mono { font-size: 0.875rem; }
label.check { flex-direction: row; align-items: center; gap: 0.375rem; min-height: 1.75rem; }
fieldset { border: 1px solid var(--line); border-radius: 8px; padding: 0.25rem 0.75rem 0.5rem; margin: 0; min-width: 0; }
legend { font-size: 0.8125rem; color: var(--muted); padding: 0 0.25rem; }
form.stack { display: flex; flex-direction: column; gap: 0.875rem; }
form.stack > button { align-self: start; }
.sign-in form.stack > button { align-self: stretch; }
form.inline { display: inline-flex; gap: 0.375rem; flex-wrap: wrap; margin: 0 0.25rem 0.25rem 0; }
.row { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: end; }
.row fieldset { display: flex; flex-wrap: wrap; gap: 0 1rem; }
.row > p { margin: 0; align-self: center; }
.row.add { margin-top: 1rem; }
.grow { flex: 1 1 16rem; }
.filters { display: flex; flex-wrap: wrap; gap: 0.625rem 0.75rem; align-items: end; padding: 0.75rem 1rem; }
.filters .within { flex-basis: 100%; margin: 0; font-size: 0.875rem; }
.bulk.card { display: flex; flex-wrap: wrap; gap: 0.75rem; align-items: end; margin-top: 1rem; }
.step { padding-bottom: 0.875rem; margin-bottom: 0.875rem; border-bottom: 1px solid var(--line); display: grid; gap: 0.5rem; justify-items: start; }
.step label { width: 100%; }
.pages { display: flex; gap: 0.5rem; margin-top: 1rem; }
.tabs { display: flex; gap: 0.25rem; list-style: none; margin: 0; padding: 0; }
.tabs a { display: block; padding: 0.25rem 0.75rem; border: 1px solid var(--line); border-radius: 6px; text-decoration: none; color: var(--muted); }
.tabs a[aria-current] { background: var(--info-ground); color: var(--info); border-color: var(--info); font-weight: 600; }
.notice { padding: 0.625rem 0.875rem; border-radius: 8px; border: 1px solid; }
.notice p:last-child { margin-bottom: 0; }
.notice.bad { color: var(--bad); background: var(--bad-ground); }
.notice.info { color: var(--info); background: var(--info-ground); }
.notice.good { color: var(--good); background: var(--good-ground); }
.secret { font-size: 1rem; user-select: all; }
kbd { border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; padding: 0 0.3125rem; background: var(--card); }

.mark { display: inline-block; padding: 0 0.5rem; border-radius: 99px; font-size: 0.8125rem; line-height: 1.5rem; white-space: nowrap; background: var(--sunken); color: var(--muted); }
.reached, .overdue, .verdict-block.mark, .action-block { background: var(--bad-ground); color: var(--bad); }
.reached, .overdue { font-weight: 650; }
.stopped, .status-deleted, .verdict-allow.mark, .state-on { background: var(--good-ground); color: var(--good); }
.redacted, .status-open, .state-limited, .state-unconfigured, .verdict-redact.mark, .action-redact { background: var(--warn-ground); color: var(--warn); }
.status-confirmed, .status-reported, .action-report { background: var(--info-ground); color: var(--info); }
.rules { display: inline-flex; flex-wrap: wrap; gap: 0.25rem; }
.rule { display: inline-block; padding: 0 0.375rem; border-radius: 5px; font-size: 0.8125rem; line-height: 1.5rem; background: var(--sunken); color: var(--text); text-decoration: none; }
.rule.pii, .rule.secret { background: var(--bad-ground); color: var(--bad); }
.rule.annotation, .rule.blob { background: var(--plum-ground); color: var(--plum); }
.rule.schema, .rule.integrity { background: var(--warn-ground); color: var(--warn); }
.bars a, table a, .title-row a, .crumbs a, .structure a.rule, .findings a, .who a { display: inline-block; min-height: 1.5rem; line-height: 1.5rem; }
a.rule:hover, a:hover > .rules .rule { text-decoration: underline; }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 10rem), 1fr)); gap: 1rem; list-style: none; margin: 0 0 1rem; padding: 0; }
.tile { background: var(--card); border: 1px solid var(--line); border-left: 4px solid var(--line); border-radius: 10px; }
.tile.warn { border-left-color: var(--warn); }
.tile.bad { border-left-color: var(--bad); }
.tile > * { display: block; padding: 0.75rem 1rem; color: var(--muted); text-decoration: none; font-size: 0.875rem; height: 100%; }
.tile a:hover { text-decoration: underline; }
.tile .count { display: block; font-size: 1.75rem; line-height: 1.25; font-weight: 600; color: var(--text); font-variant-numeric: tabular-nums; }
.tile.bad .count { color: var(--bad); }
.cases li { padding: 0.375rem 0; display: flex; flex-wrap: wrap; gap: 0.25rem 0.625rem; align-items: baseline; }

.scroll, .structure, .letter { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.5rem 0.625rem; }
thead th { font-size: 0.8125rem; font-weight: 600; color: var(--muted); border-bottom: 1px solid var(--line); white-space: nowrap; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tbody th { font-weight: 500; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
table.list { background: var(--card); border: 1px solid var(--line); border-radius: 10px; border-spacing: 0; border-collapse: separate; }
.card table.list { border: 0; }
table.list tbody tr:hover, table.list tbody tr:focus-within { background: var(--sunken); }
table.list time, table.list .when { white-space: nowrap; }
table.list .sub { font-weight: 400; }

.bars { list-style: none; margin: 0; padding: 0; }
.bars li { display: grid; grid-template-columns: minmax(0, 13.5em) minmax(2.5rem, 1fr) auto; gap: 0.75rem; align-items: center; padding: 0.1875rem 0; }
.bars svg { width: 100%; height: 0.625rem; }
.track { fill: var(--sunken); }
.bar { fill: var(--chart-1); }
.chart { width: 100%; height: auto; display: block; overflow: visible; }
.chart text { font-size: 11px; fill: var(--muted); text-anchor: middle; }
.chart .value { fill: var(--text); }
.axis { stroke: var(--line); }
.case-event-collection { fill: var(--chart-1); } .case-js-error-collection { fill: var(--chart-2); } .case-support { fill: var(--chart-3); }
.case-licensing { fill: var(--chart-4); } .case-operator { fill: var(--chart-5); } .case-none { fill: var(--chart-6); }
.legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; list-style: none; padding: 0; margin: 0.5rem 0; font-size: 0.8125rem; color: var(--muted); }
summary { cursor: pointer; padding: 0.125rem 0; }
details:not(.card) > summary { font-size: 0.8125rem; color: var(--muted); }
.rule-card { padding: 0.5rem 1rem; margin-bottom: 0.5rem; }
.rule-card[open] > summary { margin-bottom: 0.5rem; }
.destination + .destination { border-top: 1px solid var(--line); margin-top: 0.75rem; }
.examples { margin: 0; padding-left: 1.125rem; }

.facts { margin: 0 0 1rem; }
.facts > div { display: grid; grid-template-columns: minmax(7.5rem, 1fr) 2fr; gap: 0.25rem 1rem; padding: 0.3125rem 0; }
.facts > div + div { border-top: 1px solid var(--line); }
dt { color: var(--muted); }
dd { margin: 0; }
.findings, .history { margin: 0; padding: 0; list-style: none; }
.findings > li { padding: 0.625rem 0.75rem; border-left: 3px solid var(--line); margin-bottom: 0.625rem; scroll-margin-top: 1rem; }
.findings > li:target { border-left-color: var(--accent); background: var(--info-ground); }
.findings p { margin: 0 0 0.25rem; }
.history > li { padding: 0 0 0.75rem 1rem; border-left: 2px solid var(--line); position: relative; }
.history > li::before { content: ""; position: absolute; left: -0.375rem; top: 0.4375rem; width: 0.625rem; height: 0.625rem; border-radius: 50%; background: var(--edge); }
.history p { margin: 0; }
.history .said { white-space: pre-wrap; }
.structure { max-height: 40rem; overflow: auto; background: var(--sunken); border-radius: 8px; padding: 0.5rem 0; }
.structure ol { list-style: none; margin: 0; padding: 0; min-width: max-content; }
.structure li { padding: 0 0.75rem; line-height: 1.625rem; }
.structure li.hit { background: var(--bad-ground); box-shadow: inset 3px 0 var(--bad); }
.structure li.hit code { color: var(--text); }
.structure a:target ~ code { text-decoration: underline; text-decoration-thickness: 2px; }
.structure a[id] { scroll-margin: 6rem; }
.depth-1 code { padding-left: 1.25rem; } .depth-2 code { padding-left: 2.5rem; } .depth-3 code { padding-left: 3.75rem; } .depth-4 code { padding-left: 5rem; }
.depth-5 code { padding-left: 6.25rem; } .depth-6 code { padding-left: 7.5rem; } .depth-7 code { padding-left: 8.75rem; } .depth-8 code { padding-left: 10rem; }
.depth-9 code { padding-left: 11.25rem; } .depth-10 code { padding-left: 12.5rem; } .depth-11 code { padding-left: 13.75rem; } .depth-12 code { padding-left: 15rem; }
.letter pre.diff { white-space: pre; line-height: 1.5; width: max-content; min-width: 100%; }
.diff span { display: block; min-height: 1.5em; } .diff .head { color: var(--muted); } .diff .added { background: var(--good-ground); color: var(--good); } .diff .removed { background: var(--bad-ground); color: var(--bad); }
blockquote { margin: 0.25rem 0 0.5rem; padding: 0.375rem 0.75rem; border-left: 3px solid var(--line); }
.step-form { display: grid; gap: 0.5rem; justify-items: start; width: 100%; }
.narrow { max-width: 44rem; }
.letter pre { margin: 0; white-space: pre-wrap; font-size: 0.875rem; line-height: 1.6; }
.verdict { border-left-width: 4px; }
.verdict.verdict-block { border-left-color: var(--bad); } .verdict.verdict-redact { border-left-color: var(--warn); } .verdict.verdict-allow { border-left-color: var(--good); }

@media (max-width: 52rem) {
  .chart text { font-size: 19px; }
  .chart .odd { display: none; }
  table.list, table.list tbody, table.list tr, table.list td, table.list tbody th { display: block; width: 100%; }
  table.list thead { position: absolute; left: -999rem; }
  table.list tr { padding: 0.625rem 0.375rem; position: relative; }
  table.list tbody tr > * { border: 0; padding: 0.125rem 0.5rem; }
  table.list tbody tr + tr { border-top: 1px solid var(--line); }
  table.list td[data-label] { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); text-align: left; }
  table.list td[data-label]::before { content: attr(data-label); color: var(--muted); font-size: 0.8125rem; }
  table.list td[data-label] > * { grid-column: 2; justify-self: start; }
  table.list td.choose { position: absolute; right: 0.5rem; top: 0.625rem; width: auto; }
  table.list tbody th { padding-right: 2.5rem; }
  .filters label, .filters .actions { flex: 1 1 9rem; }
  .filters .grow { flex-basis: 100%; }
}
`;
