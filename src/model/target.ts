/** Where a request is to go, in its one canonical spelling (invariant 3). Made only by `http/target.ts`. */
export interface Target {
  readonly scheme: "http" | "https";
  /** Lower case, no trailing dot, IDNA A-labels; an IPv4 in dotted decimal, an IPv6 in RFC 5952 form without brackets. */
  readonly host: string;
  readonly port: number;
  /** Set where `host` is an address, not a name. */
  readonly ip: 4 | 6 | undefined;
}

/** `host:port`, with brackets around an IPv6 address (RFC 3986, section 3.2.2). */
export function authority(target: Pick<Target, "host" | "port" | "ip">): string {
  return target.ip === 6 ? `[${target.host}]:${target.port}` : `${target.host}:${target.port}`;
}
