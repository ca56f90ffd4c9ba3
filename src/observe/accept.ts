/**
 * Whether a scraper prefers OpenMetrics over the Prometheus text format (RFC 9110, section 12.5.1). Text is the default: it is what a
 * person's browser and `curl` can read, and what every scraper understands.
 */
export function prefersOpenMetrics(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  const ranges = accept.split(",").map(parseRange);
  const weightOf = (types: readonly string[]): number => {
    for (const type of types) {
      const weights = ranges.filter((range) => range.type === type).map((range) => range.weight);
      if (weights.length > 0) return Math.max(...weights);
    }
    return 0;
  };
  // Only where it is named: a wildcard asks for nothing in particular.
  const openMetrics = weightOf(["application/openmetrics-text"]);
  return openMetrics > 0 && openMetrics >= weightOf(["text/plain", "text/*", "*/*"]);
}

function parseRange(range: string): { readonly type: string; readonly weight: number } {
  const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith("q="));
  const weight = quality === undefined ? 1 : Number(quality.slice(2));
  return { type, weight: weight >= 0 && weight <= 1 ? weight : 0 };
}
