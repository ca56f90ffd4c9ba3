import { COMPONENTS } from "./style-components.js";

/** Colours, type and the frame of every page. All pairs of text and ground have a contrast of 4.5 or more (WCAG 2.2, 1.4.3). */
const FRAME = `
:root {
  color-scheme: light dark;
  --ground: #f5f6f8; --card: #ffffff; --sunken: #eef0f4; --line: #d5d9e2; --edge: #7b8496;
  --text: #1a1f2b; --muted: #565f70; --accent: #1d5bb8; --on-accent: #ffffff; --focus: #1d5bb8;
  --bad: #a3201d; --bad-ground: #fdeceb; --warn: #7a4b00; --warn-ground: #fff3d9; --good: #1b6537; --good-ground: #e4f5e9;
  --info: #23508e; --info-ground: #e6effb; --plum: #71308f; --plum-ground: #f5e9fa;
  --chart-1: #2f6fd0; --chart-2: #c2680a; --chart-3: #15806f; --chart-4: #9447b3; --chart-5: #5a6b86; --chart-6: #c13a52;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #11141a; --card: #1a1f28; --sunken: #13171e; --line: #323a48; --edge: #7d889c;
    --text: #e7eaf0; --muted: #a5aebd; --accent: #8ab6ff; --on-accent: #0c1a30; --focus: #8ab6ff;
    --bad: #ffa8a2; --bad-ground: #451a1a; --warn: #f4c96b; --warn-ground: #3d2e0d; --good: #86d9a3; --good-ground: #143523;
    --info: #9cc4ff; --info-ground: #16294a; --plum: #dcaef0; --plum-ground: #371d45;
    --chart-1: #6ca3f5; --chart-2: #eb9a4a; --chart-3: #4dc0ab; --chart-4: #c487e0; --chart-5: #93a4c0; --chart-6: #f07d92;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
body { margin: 0; background: var(--ground); color: var(--text); font-size: 0.9375rem; overflow-wrap: anywhere; }
main { max-width: 80rem; margin: 0 auto; padding: 1.5rem 1.5rem 4rem; }
main:focus { outline: none; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 0.5rem; letter-spacing: -0.01em; }
h2 { font-size: 1.0625rem; margin: 1.75rem 0 0.75rem; }
h3 { font-size: 1rem; margin: 0 0 0.5rem; }
h4 { font-size: 0.875rem; margin: 0.75rem 0 0.25rem; color: var(--muted); }
p { margin: 0 0 0.75rem; }
a { color: var(--accent); text-underline-offset: 0.25em; }
code, kbd, pre, .mono { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", monospace; font-size: 0.875em; }
:focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -999rem; padding: 0.5rem 1rem; background: var(--card); z-index: 2; }
.skip:focus { left: 0.5rem; top: 0.5rem; }
.muted { color: var(--muted); }
.sub { display: block; color: var(--muted); font-size: 0.8125rem; }
.lead { font-size: 1.0625rem; max-width: 60rem; }
.plain { list-style: none; margin: 0; padding: 0; }

.top { display: flex; flex-wrap: wrap; align-items: center; gap: 0.25rem 1.25rem; padding: 0.625rem 1.5rem; background: var(--card); border-bottom: 1px solid var(--line); }
.brand { display: inline-flex; align-items: center; gap: 0.5rem; font-weight: 650; color: var(--text); text-decoration: none; min-height: 2rem; }
.top nav { flex: 1 1 auto; min-width: 0; }
.top nav ul { display: flex; flex-wrap: wrap; gap: 0.125rem; list-style: none; margin: 0; padding: 0; }
.top nav a { display: block; padding: 0.3125rem 0.625rem; border-radius: 6px; color: var(--muted); text-decoration: none; }
.top nav a:hover { background: var(--sunken); color: var(--text); }
.top nav a[aria-current] { background: var(--info-ground); color: var(--info); font-weight: 600; }
.who { display: flex; align-items: center; gap: 0.5rem; font-size: 0.875rem; }
.role { color: var(--muted); }
.title-row { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0.25rem 1.5rem; }
.title-row > * { margin-top: 0; margin-bottom: 0.5rem; }
.crumbs { font-size: 0.875rem; margin-bottom: 0.5rem; color: var(--muted); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1rem 1.125rem; margin: 0 0 1rem; min-width: 0; }
.card > h2:first-child, .card > .title-row h2 { margin-top: 0; }
.card > :last-child { margin-bottom: 0; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1rem; margin-bottom: 1rem; }
.columns > .card { margin: 0; }
.halves { grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); }
.columns > .wide { grid-column: span 2; }
.detail { display: grid; grid-template-columns: minmax(0, 5fr) minmax(0, 3fr); gap: 1rem; align-items: start; }
.empty { max-width: 36rem; margin: 2.5rem auto; text-align: center; }
.empty h2, .empty h1 { margin-top: 0; }
.empty ul { text-align: left; display: inline-block; }
.empty .code { font-size: 2.5rem; font-weight: 300; color: var(--muted); margin: 0; }
.sign-in { max-width: 25rem; margin: 3rem auto; padding: 1.75rem; }
.or { text-align: center; color: var(--muted); font-size: 0.875rem; margin: 1rem 0; }

@media (max-width: 52rem) {
  main { padding: 1rem 0.875rem 3rem; }
  .top { padding: 0.5rem 0.875rem; }
  .top nav { order: 3; flex-basis: 100%; }
  .top nav a { padding: 0.25rem 0.4375rem; font-size: 0.875rem; min-height: 1.75rem; }
  .top nav ul { gap: 0; }
  .who { margin-left: auto; }
  .detail { grid-template-columns: minmax(0, 1fr); }
  .columns > .wide { grid-column: auto; }
  .keys { display: none; }
}
@media print {
  .top, .filters, .bulk, .pages, .step, .button, .skip { display: none; }
  body { background: #fff; color: #000; }
  .card { border-color: #999; break-inside: avoid; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
`;

export const STYLE = FRAME + COMPONENTS;
