/** Whom Diffgram's pages may speak to beside themselves. Hosts are written as a policy's source: `fonts.gstatic.com`, `https://s3.example.org:9000`. */
export interface PageSources {
  /** Hosts of styles, fonts, scripts and pictures that are the same for everyone. */
  readonly staticHosts: readonly string[];
  /** The installation's own: its object storage, its identity provider. */
  readonly ownHosts: readonly string[];
}

/**
 * The Content-Security-Policy of Diffgram's pages (CSP Level 3): `'self'` and the named hosts, so that a script can send nothing to the
 * tag manager's vendor but by the way through the proxy. Static hosts are not in `connect-src`: nothing is posted to them. The tag manager's own
 * snippet stands inline in the page, hence 'unsafe-inline' for scripts; where they may connect to is what binds them.
 */
export function contentSecurityPolicy({ staticHosts, ownHosts }: PageSources): string {
  const directives: readonly (readonly [string, readonly string[]])[] = [
    ["default-src", ["'self'"]],
    ["script-src", ["'self'", "'unsafe-inline'", ...staticHosts]],
    ["style-src", ["'self'", "'unsafe-inline'", ...staticHosts]],
    ["font-src", ["'self'", "data:", ...staticHosts]],
    ["img-src", ["'self'", "data:", "blob:", ...staticHosts, ...ownHosts]],
    ["media-src", ["'self'", "blob:", ...ownHosts]],
    ["connect-src", ["'self'", ...ownHosts]],
    ["worker-src", ["'self'", "blob:"]],
    ["frame-src", ["'self'"]],
    ["form-action", ["'self'", ...ownHosts]],
    ["object-src", ["'none'"]],
    ["base-uri", ["'self'"]],
    ["frame-ancestors", ["'self'"]],
  ];
  return directives.map(([name, sources]) => `${name} ${sources.join(" ")}`).join("; ");
}
