import type { SecureContext } from "node:tls";
import type { Settings } from "./config/settings.js";
import { startSupportGateway, type SupportGateway } from "./gateway/support-gateway.js";
import { SupportWindows } from "./gateway/support-window.js";
import { listenerIdentity, readClientCas } from "./listener-identity.js";
import { type Fault, FaultsError } from "./model/fault.js";
import { SupportAnswers } from "./support-answers.js";
import type { SupportOutcomeParts } from "./support-outcome.js";
import type { Leaf } from "./tls/leaf.js";

/** What the support case needs beside what its outcomes are told to. */
export interface SupportParts extends SupportOutcomeParts {
  /** Signs with the CA that is in force. */
  readonly mint: (host: string, now: number) => Promise<Leaf>;
  readonly secureContext: SecureContext;
}

const NOBODY_COMES_IN: Fault = {
  where: "support.client_ca",
  what: "listen.support is on and no CA says who may come in.",
  mend: "Name the PEM file of the CA that signs support's client certificates, or set listen.support to off.",
};

/**
 * Opens the door for the vendor's support where `listen.support` is set.
 *
 * @throws FaultsError where a file that the settings name can't be used, or none says who may come in
 */
export async function openSupport(settings: Settings, parts: SupportParts): Promise<SupportGateway | undefined> {
  const { listen, support, upstream, data } = settings;
  if (listen.support === undefined) return undefined;
  if (support.client_ca.length === 0) throw new FaultsError("The support listener can't start.", [NOBODY_COMES_IN]);
  const clientCa = (): string[] => readClientCas("support.client_ca", support.client_ca);
  checkUpstream(support.upstream);
  const windows = new SupportWindows(data);
  const answers = new SupportAnswers(parts);
  return startSupportGateway({
    listen: listen.support,
    identity: () => listenerIdentity("support", support, parts.mint, parts.clock.now()),
    clientCa,
    upstream: support.upstream,
    secureContext: parts.secureContext,
    totalMs: upstream.total_ms,
    routes: () => parts.rulesInForce().index.policy.cases.support.supportRoutes ?? [],
    closed(now) {
      if (!parts.rulesInForce().index.policy.cases.support.enabled) return "case-limited";
      return windows.openAt(now) === undefined ? "support-closed" : undefined;
    },
    limit: () => parts.rulesInForce().index.policy.limits.bodyBytes,
    judge: (access, held) => answers.judge(access, held),
    refuse: (access, reason) => answers.refuse(access, reason),
    clock: parts.clock,
    logger: parts.logger,
    metrics: parts.metrics,
  });
}

function checkUpstream(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.pathname === "/" && url.search === "" && url.username === "") return;
  throw new FaultsError("The support listener can't start.", [
    {
      where: "support.upstream",
      what: "It is no http(s)://HOST:PORT.",
      mend: "Write where Diffgram's default service answers, such as http://diffgram-default:8080.",
    },
  ]);
}
