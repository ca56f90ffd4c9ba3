import type { Settings } from "./config/settings.js";

/** Enough for a few bodies of the greatest size, however many share. */
const LEAST_BODY_MEMORY = 16 * 1024 * 1024;

/**
 * The settings as one of several workers has them: what bounds the whole installation is shared out, rounded up, since connections are dealt
 * to workers in turn; what only one process serves is off.
 */
export function workerSettings(settings: Settings, workers: number): Settings {
  const share = (whole: number): number => Math.ceil(whole / workers);
  const { listen, limits, quotas, records, upstream } = settings;
  return {
    ...settings,
    listen: { ...listen, metrics: undefined, console: undefined, support: undefined },
    reload: { every_ms: 0 },
    limits: {
      ...limits,
      connections: share(limits.connections),
      connections_per_client: share(limits.connections_per_client),
      body_memory_bytes: Math.max(share(limits.body_memory_bytes), Math.min(limits.body_memory_bytes, LEAST_BODY_MEMORY)),
    },
    quotas: {
      client_requests_per_minute: share(quotas.client_requests_per_minute),
      client_bytes_per_minute: share(quotas.client_bytes_per_minute),
      client_concurrent: share(quotas.client_concurrent),
      case_requests_per_minute: share(quotas.case_requests_per_minute),
      case_bytes_per_minute: share(quotas.case_bytes_per_minute),
      case_concurrent: share(quotas.case_concurrent),
    },
    records: { ...records, distinct_per_client: share(records.distinct_per_client) },
    upstream: { ...upstream, connections: share(upstream.connections) },
  };
}

/** The settings as the process that leads them has them: it serves no client. */
export function leaderSettings(settings: Settings): Settings {
  const { listen } = settings;
  return {
    ...settings,
    listen: { ...listen, proxy: undefined, "proxy-tls": undefined, transparent: undefined, "first-party": undefined },
    // It inspects what support reads and what someone tries at the console, no traffic.
    inspection_threads: listen.support === undefined ? 0 : settings.inspection_threads,
  };
}
