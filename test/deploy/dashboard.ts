import { readFileSync } from "node:fs";
import { z } from "zod";
import { DASHBOARD } from "./prometheus.js";

const PANEL = z.looseObject({
  type: z.string(),
  title: z.string(),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  fieldConfig: z.looseObject({ defaults: z.looseObject({ unit: z.string() }) }).optional(),
  targets: z.array(z.looseObject({ expr: z.string(), legendFormat: z.string() })).default([]),
});
const FILE = z.looseObject({ uid: z.string(), title: z.string(), panels: z.array(PANEL) });

export type Panel = z.output<typeof PANEL>;

export function readPanels(): readonly Panel[] {
  return FILE.parse(JSON.parse(readFileSync(DASHBOARD, "utf8"))).panels;
}

/** A query as Grafana sends it: its variables replaced. */
export function expanded(expression: string): string {
  return expression.replaceAll("$__rate_interval", "1m").replaceAll("$namespace", ".*");
}

/** The name of one line, from the legend and the labels. */
export function legendOf(format: string, labels: Readonly<Record<string, string>>): string {
  return format.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => labels[name] ?? "");
}
