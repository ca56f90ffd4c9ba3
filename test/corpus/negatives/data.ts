import type { Rng } from "../random.js";
import { members, type Negative, texts } from "./negative.js";

/** Aggregates, settings, markup and expressions; and prose that names nobody. */
export const DATA_NEGATIVES: readonly Negative[] = [
  ...members("chart", "open", [
    (r) => ["values", ints(r, 30, 500)],
    (r) => ["metrics", { loss: decimals(r, 8), epoch: r.int(1, 90) }],
    (r) => ["percentiles", { p50: r.int(1, 90), p95: r.int(90, 400), p99: r.int(400, 900) }],
  ]),
  ...members("chart", "held-back", [
    (r) => ["per_day", ints(r, 31, 90_000)],
    (r) => [
      "series",
      [
        { x: "2026-11-20", y: r.int(0, 99) },
        { x: "2026-11-21", y: r.int(0, 99) },
        { x: "2026-11-22", y: r.int(0, 99) },
      ],
    ],
    (r) => ["buckets", { "0.005": r.int(0, 9), "0.01": r.int(9, 40), "0.1": r.int(40, 90), "+Inf": 91 }],
    (r) => [
      "samples",
      [
        [1_764_000_000 + r.int(0, 999), "12"],
        [1_764_001_000 + r.int(0, 999), "14"],
      ],
    ],
    (r) => ["accuracy", decimals(r, 12)],
  ]),
  ...members("setting", "open", [
    () => ["viewport", { width: 1920, height: 1080 }],
    () => ["accept", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"],
    () => ["theme", { primary: "#1976d2", accent: "#ff4081" }],
    () => ["node", ">=20.19 <25"],
  ]),
  ...members("setting", "held-back", [
    () => ["screen", { availWidth: 2560, availHeight: 1440, dpr: 2 }],
    () => ["content_type", "application/vnd.api+json; charset=utf-8"],
    () => ["palette", ["#fff", "#0a0a0aff", "rgb(12, 34, 56)"]],
    () => ["feature_flags", ["new_export", "lazy_tree", "dark"]],
    () => ["cache_control", "public, max-age=31536000, immutable"],
    () => ["schedule", "15 2 * * 0"],
  ]),
  ...texts("markup", "open", [
    () => ".btn-primary{color:#fff;margin:0 auto;transition:all .2s ease-in-out}",
    () => "^[a-z0-9_-]{3,16}$ did not match",
    () => "p = (a + b) / 2 * 1.96 - 0.5",
  ]),
  ...texts("markup", "held-back", [
    () => "@font-face{font-family:Roboto;src:local('Roboto')}",
    () => "re.error: missing ), unterminated subpattern in (?P<name>\\w+ at position 0",
    () => 'sum(rate(http_requests_total{code=~"5.."}[5m])) by (le) > 0.05',
    () => "y = 3.2e-4 * x^2 + 1.07 * x - 12.5 (r2=0.982)",
    () => "grid-template-columns: repeat(3, minmax(0, 1fr)); z-index: 10",
  ]),
  ...texts("metrics-line", "open", [
    (r) => `http_requests_total{method="post",code="200"} ${r.int(1, 99_999)} ${1_764_000_000_000 + r.int(0, 999_999)}`,
  ]),
  ...texts("metrics-line", "held-back", [
    (r) => `cpu=${r.int(1, 99)}% mem=${r.int(100, 9999)}Mi restarts=${r.int(0, 4)} uptime=${r.int(1, 90)}d`,
    (r) => `egress_request_seconds_bucket{le="0.25"} ${r.int(1, 99_999)}`,
    (r) => `progress ${r.int(1, 99)}/100 [00:${r.int(10, 59)}<01:${r.int(10, 59)}, ${r.int(1, 9)}.31it/s]`,
  ]),
  ...texts("benign-prose", "open", [
    (r) => `User visited the page ${r.int(1, 9)} times`,
    () => "Report finished with warnings, see the job list for details",
    () => "Export could not be created because the label set is empty",
    () => "The Project Manager opened the Reports Dashboard",
    () => "Diffgram System startup for default_service service",
    () => "Redis and Kafka were restarted after the upgrade",
    () => "Guide was changed by an administrator",
  ]),
  ...texts("benign-prose", "held-back", [
    (r) => `Jenkins build ${r.int(10, 999)} passed on the second attempt`,
    () => "Please reload the page if the Sync Events list stays empty",
    () => "The Django upgrade was rolled back on Monday",
    () => "Azure Blob Storage answered slowly in West Europe",
    () => "Grafana and Prometheus show no data for the Walrus service",
    () => "New Task Template was created from Quick Start",
    (r) => `Postgres needs a restart in ${r.int(2, 60)} minutes`,
    () => "Ruby and Julia clients are not supported any more",
    () => "March and April exports were merged by the nightly job",
  ]),
];

function ints(rng: Rng, count: number, most: number): number[] {
  return Array.from({ length: count }, () => rng.int(0, most));
}

function decimals(rng: Rng, count: number): number[] {
  return Array.from({ length: count }, () => Number(rng.float().toFixed(4)));
}
