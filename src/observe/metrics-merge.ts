import { AggregatorRegistry, type OpenMetricsContentType, type PrometheusContentType } from "prom-client";
import { z } from "zod";

/** What one process counted, as prom-client says it in JSON; crosses between processes. */
const SNAPSHOT = z.array(
  z.looseObject({
    name: z.string(),
    type: z.string(),
    aggregator: z.string().optional(),
    values: z.array(z.looseObject({ value: z.unknown(), labels: z.record(z.string(), z.unknown()), metricName: z.string().optional() })),
  }),
);

export type MetricsSnapshot = z.output<typeof SNAPSHOT>;

/** Takes what another process of ours sent for a snapshot. Throws where it is none. */
export function parseSnapshot(sent: unknown): MetricsSnapshot {
  return SNAPSHOT.parse(sent);
}

/**
 * The numbers of all processes as one text: counts are summed, states taken by what each metric says of itself. The first snapshot stands
 * for all where only one can, as for a start time.
 */
export async function renderMerged(
  snapshots: readonly MetricsSnapshot[],
  contentType: PrometheusContentType | OpenMetricsContentType,
): Promise<string> {
  const named = snapshots.map((snapshot) =>
    snapshot.map((metric) => (metric.aggregator === "omit" ? { ...metric, aggregator: "first" } : metric)),
  );
  const merged = AggregatorRegistry.aggregate(named);
  merged.setContentType(contentType);
  return merged.metrics();
}

/** What a process leaves behind: its counts go on counting, or they would seem to fall, and Prometheus would count them again. */
export function countsOf(snapshot: MetricsSnapshot): MetricsSnapshot {
  return snapshot.filter(({ type }) => type === "counter" || type === "histogram");
}

/** Two sets of counts as one. */
export async function addCounts(one: MetricsSnapshot, other: MetricsSnapshot): Promise<MetricsSnapshot> {
  return parseSnapshot(await AggregatorRegistry.aggregate([one, other]).getMetricsAsJSON());
}
