import { chromium } from "playwright-core";
import { legendOf, type Panel } from "./dashboard.js";
import type { Series } from "./prometheus.js";

/** A panel with what Prometheus answered to each of its queries, in their order. */
export interface AnsweredPanel {
  readonly panel: Panel;
  readonly answers: readonly (readonly Series[])[];
}

const COLUMN = 58;
const LINE = 34;
const COLOURS = ["#1f77b4", "#d62728", "#2ca02c", "#ff7f0e", "#9467bd", "#17becf", "#8c564b", "#e377c2", "#bcbd22", "#7f7f7f"];
const LEGENDS = 5;

/** Draws the panels where the dashboard has them, with the values that were answered and nothing else, as PNG. */
export async function drawDashboard(title: string, panels: readonly AnsweredPanel[]): Promise<Buffer> {
  const height = Math.max(...panels.map(({ panel: { gridPos } }) => gridPos.y + gridPos.h)) * LINE + 60;
  const width = 24 * COLUMN + 20;
  const body = panels.map((each) => drawPanel(each)).join("");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif"><rect width="100%" height="100%" fill="#f4f5f7"/><text x="14" y="32" font-size="20" fill="#222">${escaped(title)}</text>${body}</svg>`;
  const browser = await chromium.launch({ executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage({ viewport: { width, height } });
    await page.setContent(`<body style="margin:0">${svg}</body>`);
    return await page.screenshot({ clip: { x: 0, y: 0, width, height } });
  } finally {
    await browser.close();
  }
}

function drawPanel({ panel, answers }: AnsweredPanel): string {
  const { x, y, w, h } = panel.gridPos;
  const box = { x: x * COLUMN + 10, y: y * LINE + 50, w: w * COLUMN - 8, h: h * LINE - 8 };
  if (panel.type === "row")
    return `<text x="${box.x}" y="${box.y + 18}" font-size="15" font-weight="bold" fill="#444">${escaped(panel.title)}</text>`;
  const frame = `<rect x="${box.x}" y="${box.y}" width="${box.w}" height="${box.h}" rx="3" fill="#fff" stroke="#d8d9da"/><text x="${box.x + 8}" y="${box.y + 18}" font-size="13" fill="#222">${escaped(panel.title)}</text>`;
  const unit = panel.fieldConfig?.defaults.unit ?? "short";
  if (panel.type === "stat") {
    const shown = answers[0]?.[0]?.value?.[1] ?? answers[0]?.[0]?.values?.at(-1)?.[1];
    return `${frame}<text x="${box.x + box.w / 2}" y="${box.y + box.h / 2 + 18}" font-size="30" text-anchor="middle" fill="#1f60c4">${escaped(shown === undefined ? "no data" : spelled(Number(shown), unit))}</text>`;
  }
  return frame + drawLines(panel, answers, box, unit);
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

function drawLines(panel: Panel, answers: readonly (readonly Series[])[], box: Box, unit: string): string {
  const lines = answers.flatMap((series, index) =>
    series.map(({ metric, values = [] }) => ({
      name: legendOf(panel.targets[index]?.legendFormat ?? "", metric).slice(0, 40),
      points: values.map(([at, value]) => [at, Number(value)] as const).filter(([, value]) => Number.isFinite(value)),
    })),
  );
  const all = lines.flatMap(({ points }) => points);
  if (all.length === 0) return `<text x="${box.x + box.w / 2}" y="${box.y + box.h / 2}" text-anchor="middle" fill="#999">no data</text>`;
  // Where nothing happened, an axis from zero to one says so.
  const top = Math.max(...all.map(([, value]) => value)) || 1;
  const [from, to] = [Math.min(...all.map(([at]) => at)), Math.max(...all.map(([at]) => at))];
  const plot = { x: box.x + 62, y: box.y + 30, w: box.w - 74, h: box.h - 62 - 13 * Math.min(lines.length, LEGENDS) };
  const across = (at: number): number => plot.x + (to === from ? 0 : ((at - from) / (to - from)) * plot.w);
  const down = (value: number): number => plot.y + plot.h - (value / top) * plot.h;
  const grid = [0, 0.5, 1].map((share) => {
    const level = plot.y + plot.h * (1 - share);
    return `<line x1="${plot.x}" x2="${plot.x + plot.w}" y1="${level}" y2="${level}" stroke="#e6e6e6"/><text x="${plot.x - 5}" y="${level + 4}" font-size="10" text-anchor="end" fill="#666">${escaped(spelled(top * share, unit))}</text>`;
  });
  const paths = lines.map(({ points }, index) => {
    const path = points.map(([at, value]) => `${across(at).toFixed(1)},${down(value).toFixed(1)}`).join(" ");
    return `<polyline fill="none" stroke="${COLOURS[index % COLOURS.length] ?? "#000"}" stroke-width="1.6" points="${path}"/>`;
  });
  const legends = lines.slice(0, LEGENDS).map(({ name }, index) => {
    const more = index === LEGENDS - 1 && lines.length > LEGENDS ? ` … and ${lines.length - LEGENDS} more` : "";
    const at = plot.y + plot.h + 20 + 13 * index;
    return `<rect x="${plot.x - 40}" y="${at - 6}" width="12" height="3" fill="${COLOURS[index % COLOURS.length] ?? "#000"}"/><text x="${plot.x - 24}" y="${at}" font-size="10.5" fill="#444">${escaped(name + more)}</text>`;
  });
  return [...grid, ...paths, ...legends].join("");
}

function spelled(value: number, unit: string): string {
  switch (unit) {
    case "percentunit":
      return `${(value * 100).toFixed(1)} %`;
    case "s":
      return spelledSeconds(value);
    case "bytes":
    case "Bps": {
      const size = value >= 1_048_576 ? `${(value / 1_048_576).toFixed(0)} MiB` : `${(value / 1_024).toFixed(1)} KiB`;
      return unit === "Bps" ? `${size}/s` : size;
    }
    case "reqps":
      return `${round(value)}/s`;
    default:
      return round(value);
  }
}

function spelledSeconds(value: number): string {
  if (value >= 86_400) return `${(value / 86_400).toFixed(0)} days`;
  return value >= 1 ? `${value.toFixed(1)} s` : `${round(value * 1_000)} ms`;
}

function round(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(2);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
