/** What browsers need to come here: the proxy.pac file, the CA, and a page that says how to install it. */
export interface BrowserPages {
  /** Hosts that the policy's js-error-collection names; all others go their own way. */
  readonly hosts: () => readonly string[];
  /** `HOST:PORT` of the proxy as browsers reach it; undefined: the host that the file was asked of, and `port`. */
  readonly proxy: string | undefined;
  /** The proxy's own port. */
  readonly port: () => number;
  /** The CA that browsers are to trust, PEM. */
  readonly caPem: () => string;
}

/**
 * The proxy auto-configuration. Its hosts go through the proxy and no other way: without DIRECT as a second choice, a browser that can't reach
 * the proxy sends nothing.
 *
 * @param asked the `Host` field of the request
 * @returns undefined where neither the settings nor the request say where the proxy is
 */
export function pacText({ hosts, proxy, port }: BrowserPages, asked: string | undefined): string | undefined {
  const at = proxy ?? hostOf(asked, port());
  if (at === undefined) return undefined;
  return [
    "function FindProxyForURL(url, host) {",
    `  var hosts = ${JSON.stringify(Object.fromEntries([...new Set(hosts())].sort().map((host) => [host, true])))};`,
    '  return hosts.hasOwnProperty(host.toLowerCase().replace(/\\.$/, "")) ? ' + `${JSON.stringify(`PROXY ${at}`)} : "DIRECT";`,
    "}",
    "",
  ].join("\n");
}

/** Only what can be a host's name: the text goes into a script. */
function hostOf(asked: string | undefined, port: number): string | undefined {
  const host = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?)(?::[0-9]{1,5})?$/i.exec(asked ?? "")?.[1];
  return host === undefined ? undefined : `${host}:${port}`;
}

/** How people give a browser the CA and the PAC file; plain HTML without scripts. */
export const INSTALL_PAGE = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Browsers behind diffgram-egress-proxy</title></head><body>
<h1>Browsers behind diffgram-egress-proxy</h1>
<ol>
<li>Download <a href="/ca.crt">the CA's certificate</a> and compare its fingerprint with <code>egress-proxy ca show</code>.</li>
<li>Trust it for websites: by your device management; in Firefox under Settings, Certificates, Authorities; in Chromium, Edge and Safari in the system's store.</li>
<li>Set the automatic proxy configuration to <code>/proxy.pac</code> of this address. Only the hosts that the policy names go through the proxy.</li>
</ol>
</body></html>
`;
