import type { Settings } from "./config/settings.js";
import { ChunkedDecoder } from "./http/chunked.js";
import { type FirstPartySite, firstPartyHead } from "./http/first-party.js";
import { firstPartyShim } from "./http/first-party-shim.js";
import { problemAnswer } from "./http/problem.js";
import { judgeServerName, targetOfServerName } from "./http/server-name.js";
import { parseStreamHead } from "./http/stream-head.js";
import type { Authenticate } from "./listen/authentication.js";
import { BodyBudget } from "./listen/body-budget.js";
import { basicAuthentication } from "./listen/credentials.js";
import { listenProxyTls } from "./listen/tls-listener.js";
import { ConnectionLedger } from "./model/connection-ledger.js";
import { listenExplicit } from "./listen/explicit-listener.js";
import { FailedHandshakes } from "./listen/failed-handshakes.js";
import { listenFirstParty } from "./listen/first-party-listener.js";
import type { Listener } from "./listen/listener.js";
import type { ServingParts } from "./listen/secure-connection.js";
import { TlsDoor } from "./listen/tls-door.js";
import { listenTransparent } from "./listen/transparent-listener.js";
import { listenerIdentity, readClientCas } from "./listener-identity.js";
import type { ExchangeHandler } from "./model/exchange-handler.js";
import { type Fault, FaultsError } from "./model/fault.js";
import type { Destination } from "./model/policy.js";
import type { Logger, Metrics } from "./model/ports.js";
import { peekClientHello } from "./tls/client-hello.js";
import type { LeafCache } from "./tls/leaf-cache.js";
import { inNetworks } from "./verdict/networks.js";

/** The listeners that the settings name, each undefined where it is off. */
export interface Listeners {
  readonly proxy: Listener | undefined;
  readonly proxyTls: Listener | undefined;
  readonly transparent: Listener | undefined;
  readonly firstParty: Listener | undefined;
  /** Whether the listeners' own certificates, clients' CAs and credentials can be had anew and used. Rejects where not; nothing is changed. */
  check(): Promise<void>;
  /** Takes them anew. Rejects where a certificate can't be had; the one in use then stays. */
  renew(): Promise<void>;
  /** Takes no new connection, lets exchanges in flight end, and closes the rest after `withinMs`. */
  drain(withinMs: number): Promise<void>;
}

interface Behind {
  /** The destinations that browsers may reach first-party. */
  readonly browserDestinations: () => readonly Destination[];
  readonly handler: ExchangeHandler;
  readonly leaves: LeafCache;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Opens every listener of clients, all with the same bounds, counts and memory.
 *
 * @throws FaultsError where a port is taken or may not be bound; those that were open are closed again
 */
export async function openListeners(settings: Settings, behind: Behind): Promise<Listeners> {
  const { listen, limits } = settings;
  const parts = servingParts(settings, behind);
  const { trusted } = settings.proxy_protocol;
  const common = {
    ledger: new ConnectionLedger(limits.connections, limits.connections_per_client),
    overload: problemAnswer("quota-exceeded", "The proxy has as many connections as it takes, or this client has."),
    trusted: trusted.length === 0 ? undefined : inNetworks(trusted),
  };
  const opened: Listener[] = [];
  const drain = async (withinMs: number): Promise<void> => {
    await Promise.all(opened.map((listener) => listener.drain(withinMs)));
  };
  const keep = async (opening: Promise<Listener>): Promise<Listener> => {
    const listener = await opening;
    opened.push(listener);
    return listener;
  };
  try {
    const proxy = listen.proxy && (await keep(listenExplicit({ ...common, address: listen.proxy, setting: "listen.proxy" }, parts)));
    const redirected = { tlsPort: settings.transparent.tls_port, httpPort: settings.transparent.http_port };
    const transparent =
      listen.transparent &&
      (await keep(
        listenTransparent(
          {
            ...common,
            overload: undefined,
            address: listen.transparent,
            setting: "listen.transparent",
            ...redirected,
            peekHello: peekClientHello,
            targetOfServerName,
          },
          parts,
        ),
      ));
    const { credentials, client_ca: clientCas } = settings.proxy_tls;
    const names = credentials === "off" ? undefined : new ReloadedCredentials(credentials);
    const asked = { certificates: clientCas.length > 0, authenticate: names?.authenticate };
    const door = listen["proxy-tls"] && (await openDoor(settings, behind));
    const proxyTls =
      listen["proxy-tls"] &&
      door &&
      (await keep(
        listenProxyTls(
          { ...common, ...asked, overload: undefined, address: listen["proxy-tls"], setting: "listen.proxy-tls", door },
          parts,
        ),
      ));
    const site = firstPartySite(settings, behind.browserDestinations);
    const firstParty =
      site &&
      (await keep(
        listenFirstParty(
          {
            ...common,
            address: site.address,
            setting: "listen.first-party",
            readHead: (head) => firstPartyHead(head, site),
            shim: () => firstPartyShim(site),
          },
          parts,
        ),
      ));
    return {
      proxy,
      proxyTls,
      transparent,
      firstParty,
      drain,
      async check() {
        names?.check();
        await door?.check();
      },
      async renew() {
        names?.renew();
        await door?.renew();
      },
    };
  } catch (error) {
    await drain(0);
    throw error;
  }
}

/** The file of clients' credentials as it was at the last reload that took effect: who is out of it then proves nothing from the next request on. */
class ReloadedCredentials {
  readonly #file: string;
  #inForce: Authenticate;
  #next: Authenticate | undefined;

  /** @throws FaultsError where the file can't be used */
  constructor(file: string) {
    this.#file = file;
    this.#inForce = basicAuthentication(file);
  }

  readonly authenticate: Authenticate = (headers, client) => this.#inForce(headers, client);

  /** @throws FaultsError where the file can't be used now; what is in force stays */
  check(): void {
    this.#next = basicAuthentication(this.#file);
  }

  renew(): void {
    this.#inForce = this.#next ?? this.#inForce;
  }
}

/** @throws FaultsError where the listener is on and nothing says whose site it is */
function firstPartySite({ listen, first_party: { hosts, path } }: Settings, destinations: FirstPartySite["destinations"]) {
  const address = listen["first-party"];
  if (address === undefined) return undefined;
  const faults: Fault[] = [];
  if (hosts.length === 0) {
    faults.push({
      where: "first_party.hosts",
      what: "listen.first-party is on and no host of Diffgram's own is named.",
      mend: "Name the hosts that browsers open Diffgram by.",
    });
  }
  if (!/^(?:\/[A-Za-z0-9_.-]{1,64}){1,4}$/.test(path))
    faults.push({
      where: "first_party.path",
      what: `"${path}" is no path.`,
      mend: "Write one such as /_egress, without a slash at its end.",
    });
  if (faults.length > 0) throw new FaultsError("The first-party listener can't start.", faults);
  return { address, hosts, path, destinations };
}

async function openDoor({ proxy_tls: own, timeouts }: Settings, { leaves, logger }: Behind): Promise<TlsDoor> {
  const now = (): number => Date.now();
  return TlsDoor.open({
    identity: () => listenerIdentity("proxy_tls", own, (host, at) => leaves.authority.mint(host, at), now()),
    clientCas: () => readClientCas("proxy_tls.client_ca", own.client_ca),
    handshakeMs: timeouts.handshake_ms,
    now,
    onStale: () => logger.error("The certificate of listen.proxy-tls can't be renewed; the one in use stays."),
  });
}

function servingParts({ limits, timeouts, http2 }: Settings, behind: Behind): ServingParts {
  return {
    ...behind,
    newChunkedDecoder: () => new ChunkedDecoder(),
    parseStreamHead,
    judgeServerName,
    bodies: new BodyBudget(limits.body_memory_bytes),
    failedHandshakes: new FailedHandshakes(behind.logger),
    http2Streams: http2.offer ? http2.streams : undefined,
    bounds: {
      headerBytes: limits.header_bytes,
      headersMs: timeouts.headers_ms,
      bodyMs: timeouts.body_ms,
      idleMs: timeouts.idle_ms,
      handshakeMs: timeouts.handshake_ms,
    },
  };
}
