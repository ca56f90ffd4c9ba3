import { readParentCredentials } from "./config/parent-credentials.js";
import { proposeException } from "./config/policy-exception.js";
import { type RulesDirectory, readRulesDir } from "./config/rules-directory.js";
import { boundHeapGrowth } from "./heap-growth.js";
import type { Settings } from "./config/settings.js";
import type { RunningConsole } from "./console/server.js";
import { judgePayload, policyInForce } from "./desk.js";
import { consoleSettingsOf } from "./desk-settings.js";
import { watchFiles } from "./config/watched-files.js";
import { type Resolver, systemResolver } from "./forward/dial.js";
import { createForwarder } from "./forward/forwarder.js";
import { UnreadAnswers } from "./forward/unread-answers.js";
import { answerHeaders } from "./http/forwarded-headers.js";
import { BUILT_IN_RULES } from "./inspect/rule-ids.js";
import { type Listeners, openListeners } from "./listeners.js";
import { FaultsError } from "./model/fault.js";
import { LIMITED_CASES } from "./model/limited-case.js";
import { OwnConnections } from "./model/own-connections.js";
import type { ParentProxy } from "./model/policy.js";
import type { Clock, Logger } from "./model/ports.js";
import { SupportWindows } from "./gateway/support-window.js";
import type { SupportGateway } from "./gateway/support-gateway.js";
import { type CheckResult, HealthState } from "./observe/health.js";
import { createLogger } from "./observe/log.js";
import { MetricsRegistry } from "./observe/metrics.js";
import type { MetricsSnapshot } from "./observe/metrics-merge.js";
import { type ObserveServer, startObserveServer } from "./observe/server.js";
import { Pipeline } from "./pipeline.js";
import { podDirectoryOf } from "./pod-lookup.js";
import { quotasOf } from "./quotas.js";
import { CaseSwitchFile } from "./record/case-switch-file.js";
import { consoleKeyOf, pseudonymsOf, readInstallationKey } from "./record/installation-key.js";
import { TenantPinFile } from "./record/tenant-pin-file.js";
import { readOutgoing } from "./record/outgoing/outgoing-settings.js";
import { adoptLeft } from "./record/left-worker.js";
import { openRecordRoom, type RecordRoom } from "./record/record-room.js";
import { type LoadedRules, loadRules, withPool } from "./rules-in-force.js";
import { openSupport } from "./support-case.js";
import { type Authority, openAuthority } from "./tls/authority.js";
import { LeafCache } from "./tls/leaf-cache.js";
import { buildParentSecureContext, buildUpstreamSecureContext, refuseUnverifiedTls } from "./tls/system-roots.js";

/** A proxy that serves. */
export interface RunningProxy {
  readonly addresses: {
    readonly proxy: ListeningAt | undefined;
    readonly proxyTls: ListeningAt | undefined;
    readonly transparent: ListeningAt | undefined;
    readonly firstParty: ListeningAt | undefined;
    readonly metrics: ListeningAt | undefined;
    readonly console: ListeningAt | undefined;
    readonly support: ListeningAt | undefined;
  };
  /** The first admin's password, where this start made one: to be shown once and kept nowhere. */
  readonly firstPassword: string | undefined;
  /** The CA that clients are to trust, PEM. */
  readonly caPem: string;
  /** Reads policy, rules and CA anew, all or nothing: on any fault what was in force stays. */
  reload(): Promise<void>;
  /** The first half of a reload: makes all of it ready. @throws FaultsError where anything of it can't be used; nothing has changed then */
  prepare(files: RulesDirectory): Promise<Prepared>;
  snapshot(): Promise<MetricsSnapshot>;
  /** Stops taking connections, ends what is in flight, syncs the record. */
  close(): Promise<void>;
}

/** A reload that can't fail any more. */
export interface Prepared {
  commit(): Promise<void>;
  abandon(): void;
}

/** What no setting says. */
interface StartOptions {
  /** Names to addresses for upstream connections; the system's resolver where it is left out. Its answers are judged all the same. */
  readonly resolve?: Resolver;
  /** The rules folder, where who starts this has read it. */
  readonly files?: RulesDirectory;
  /** This is one of several processes that serve clients. */
  readonly worker?: { readonly number: number; readonly ticketKeys: Buffer };
  /** Those processes, where this is the one that leads them: it serves no client itself. */
  readonly crew?: Crew;
}

/** Processes that serve clients for this one, as far as it has to know them. */
export interface Crew {
  readonly size: number;
  /** Where clients reach them. */
  addresses(): Pick<RunningProxy["addresses"], "proxy" | "proxyTls" | "transparent" | "firstParty">;
  check(): CheckResult;
  snapshots(): Promise<readonly MetricsSnapshot[]>;
  start(files: RulesDirectory, registry: MetricsRegistry, logger: Logger): Promise<void>;
  prepare(files: RulesDirectory): Promise<Prepared>;
  drain(): Promise<void>;
}

interface ListeningAt {
  readonly host: string;
  readonly port: number;
}

/** Half a megabit a second reads what a socket holds in this time. */
const UNREAD_MS = 1_000;
const CLOCK: Clock = { now: () => Date.now() };

/**
 * The composition root: opens what each stage needs, wires the stages, and says in which order they start and stop. No decision is taken here.
 *
 * @throws FaultsError with every fault of policy, rules and schemas, or of the first other part that can't start
 */
export async function startProxy(settings: Settings, options: StartOptions = {}): Promise<RunningProxy> {
  refuseUnverifiedTls();
  boundHeapGrowth();
  const { resolve = systemResolver, worker, crew } = options;
  const logger = createLogger(settings.log);
  const registry = new MetricsRegistry();
  const health = new HealthState();
  const consoleSettings = consoleSettingsOf(settings);
  const key = readInstallationKey(settings.data);
  const pseudonyms = pseudonymsOf(key);
  const pins = TenantPinFile.open(settings.data, settings.tenant_pins);
  const loaded = loadRules(settings, pseudonyms, options.files);
  // Workers have the very same; it is said once.
  announce(loaded, registry, worker === undefined ? logger : undefined);

  const hosts = loaded.index.policy.destinations.map((destination) => destination.host);
  const nameConstraints = settings.name_constraints ? hosts : undefined;
  const authority = await openAuthority({ dir: settings.certs, now: CLOCK.now(), logger, createIfMissing: true, nameConstraints });
  registry.caExpiry(new Date(authority.expiresAt));
  const leaves = new LeafCache({ authority, clock: CLOCK, metrics: registry, max: settings.leaf.cache, ticketKeys: worker?.ticketKeys });
  registry.leafExpiry(() => leaves.soonestEnd());
  // Before the record is opened: a fault here must leave nothing open that keeps the process alive.
  const secureContext = buildUpstreamSecureContext({ extraCaFiles: settings.upstream.ca });
  let parentCredentials = readParentCredentials(settings);
  const parents = {
    authorization: (parent: ParentProxy) => parentCredentials(parent),
    secureContext: buildParentSecureContext(settings.parent.ca) ?? secureContext,
  };
  const followPods = podDirectoryOf(settings, logger);
  const records = await openRecords(settings, logger, registry, worker?.number, crew?.size ?? 0);
  let inForce = withPool(loaded, settings, key);
  records.policy(inForce.index.policy.digest);
  const switches = new CaseSwitchFile(settings.data);
  if (worker === undefined) noteSwitches(switches, inForce, logger);
  health.check("store", () =>
    records.store.storeAnswers ? { ok: true } : { ok: true, detail: "The record store is away; records go to the local spool." },
  );
  const own = new OwnConnections();
  const forwarder = createForwarder({
    secureContext,
    parents,
    own,
    resolve,
    connectMs: settings.upstream.connect_ms,
    firstByteMs: settings.upstream.first_byte_ms,
    // Silence in the middle of an answer is no better than silence before it.
    answerIdleMs: settings.upstream.first_byte_ms,
    totalMs: settings.upstream.total_ms,
    keepAliveMs: settings.upstream.idle_ms,
    connectionsPerDestination: settings.upstream.connections,
    answerHeaders,
  });
  const pods = followPods?.();
  const handler = new Pipeline({
    rulesInForce: () => inForce,
    transfers: records.store,
    ledger: records,
    evidence: records.evidence,
    forwarder,
    own,
    unread: new UnreadAnswers({
      most: Math.ceil(settings.upstream.connections / 8),
      withinMs: settings.upstream.total_ms,
      furtherMs: UNREAD_MS,
    }),
    pseudonyms,
    pins,
    workloadAt: (address) => pods?.workloadAt(address),
    admit: quotasOf(settings, CLOCK),
    metrics: registry,
    logger,
    clock: CLOCK,
  });

  const browserDestinations = () => inForce.index.policy.destinations.filter(({ caseName }) => caseName === "js-error-collection");
  let observe: ObserveServer | undefined;
  let desk: RunningConsole | undefined;
  let listeners: Listeners | undefined;
  let support: SupportGateway | undefined;
  let stopWatching: (() => void) | undefined;
  const close = async (): Promise<void> => {
    stopWatching?.();
    health.stopping();
    await Promise.all([listeners?.drain(settings.timeouts.drain_ms), support?.close(settings.timeouts.drain_ms), crew?.drain()]);
    await desk?.close();
    await forwarder.close();
    await pods?.close();
    await inForce.inspections.close();
    await records.close();
    await observe?.close();
  };
  try {
    if (settings.listen.metrics !== undefined)
      observe = await startObserveServer({
        listen: settings.listen.metrics,
        registry,
        health,
        browsers: {
          hosts: () => browserDestinations().map(({ host }) => host),
          proxy: settings.pac.proxy === "auto" ? undefined : settings.pac.proxy,
          port: () => (crew?.addresses().proxy ?? listeners?.proxy?.address)?.port ?? settings.listen.proxy?.port ?? 0,
          caPem: () => leaves.authority.certificatePem,
        },
      });
    if (consoleSettings !== undefined) {
      // Read when it is wanted: where the console runs apart, the proxy's start need not wait for its packages.
      const { startConsole } = await import("./console/server.js");
      desk = await startConsole(consoleSettings, {
        desk: records.store,
        memory: records.store.memory,
        key: consoleKeyOf(key),
        inventory: records.store.inventory(),
        report: (period) => records.store.report(period),
        policy: () => policyInForce(inForce, switches.list()),
        inspect: (request) => judgePayload({ ...inForce, inspect: (job) => inForce.inspections.inspect(job) }, request, CLOCK.now()),
        support: settings.listen.support === undefined ? undefined : new SupportWindows(settings.data),
        propose: (record, dismissal) => proposeException(inForce.files, record, dismissal),
        health: () => health.readiness(),
        clock: CLOCK,
        logger,
      });
    }
    support = await openSupport(settings, {
      rulesInForce: () => inForce,
      mint: (host, now) => leaves.authority.mint(host, now),
      secureContext,
      transfers: records.store,
      ledger: records,
      pseudonyms,
      metrics: registry,
      logger,
      clock: CLOCK,
    });
    listeners = await openListeners(settings, { handler, browserDestinations, leaves, logger, metrics: registry });
    if (crew === undefined) {
      if (worker === undefined) registry.workers(1, 1);
    } else {
      registry.include(() => crew.snapshots());
      await crew.start(inForce.files, registry, logger);
    }
  } catch (error) {
    await close();
    throw error;
  }
  health.check("proxy", () => crew?.check() ?? { ok: true });
  health.check("ca", () => ({ ok: CLOCK.now() < leaves.authority.expiresAt }));
  const running: RunningProxy = {
    addresses: {
      proxy: listeners.proxy?.address,
      proxyTls: listeners.proxyTls?.address,
      transparent: listeners.transparent?.address,
      firstParty: listeners.firstParty?.address,
      metrics: observe?.address,
      console: desk?.address,
      support: support?.address,
      ...crew?.addresses(),
    },
    firstPassword: desk?.firstPassword,
    caPem: authority.certificatePem,
    close,
    snapshot: () => registry.snapshot(),
    async prepare(files) {
      const nextCredentials = readParentCredentials(settings);
      const renewed = await openAuthority({ dir: settings.certs, now: CLOCK.now(), logger, createIfMissing: false });
      const next = withPool(loadRules(settings, pseudonyms, files), settings, key, inForce);
      await next.inspections.warmUp();
      // All or nothing: what could fail is tried before anything is in force.
      await Promise.all([support?.check(), listeners?.check()]).catch((error: unknown) => {
        void next.inspections.close();
        throw error;
      });
      return {
        async commit() {
          const before = inForce;
          inForce = next;
          parentCredentials = nextCredentials;
          // What is being inspected ends by the rules that it began with.
          void before.inspections.close();
          announce(inForce, registry, worker === undefined ? logger : undefined);
          records.policy(next.index.policy.digest);
          if (worker === undefined) noteSwitches(switches, next, logger);
          if (renewed.fingerprint !== leaves.authority.fingerprint) useAuthority(renewed, leaves, registry);
          await support?.renew();
          await listeners?.renew();
        },
        abandon: () => void next.inspections.close(),
      };
    },
    async reload() {
      try {
        const files = readRulesDir(settings.rules, settings.overlays);
        const own = await running.prepare(files);
        const theirs = await crew?.prepare(files).catch((error: unknown) => {
          own.abandon();
          throw error;
        });
        // Who takes clients has it before anyone is told.
        await theirs?.commit();
        await own.commit();
        registry.policyReload("ok");
        logger.info("Policy, rules and CA are read anew.", { policy: inForce.index.policy.digest, ca: leaves.authority.fingerprint });
      } catch (error) {
        registry.policyReload("error");
        logger.error("The reload failed; what was in force stays in force.", {
          fault: error instanceof FaultsError ? error.message : nameOf(error),
        });
      }
    },
  };
  if (settings.reload.every_ms > 0) {
    stopWatching = watchFiles({
      paths: watchedPaths(settings),
      everyMs: settings.reload.every_ms,
      onChange: () => running.reload(),
    });
  }
  // In the background: who waits for the first answer waits for the rules that it needs anyway.
  inForce.inspections.warmUp().catch((error: unknown) => logger.error("The rules could not be warmed up.", { fault: nameOf(error) }));
  return running;
}

/** What a reload reads. */
function watchedPaths({ rules, certs, proxy_tls: door, support, parent }: Settings): string[] {
  const single = [door.credentials, door.tls_cert, door.tls_key, support.tls_cert, support.tls_key, parent.credentials_file];
  return [rules, certs, ...single.filter((path) => path !== "off"), ...door.client_ca, ...support.client_ca];
}

function announce(inForce: LoadedRules, registry: MetricsRegistry, logger: Logger | undefined): void {
  for (const { where, what, mend } of inForce.warnings) logger?.warn(`${what} ${mend}`, { where });
  const { policy } = inForce.index;
  registry.policyRules(BUILT_IN_RULES.map((id) => ({ id, action: "block" })));
  registry.policyRules([...inForce.inspector.actions].map(([id, action]) => ({ id, action })));
  registry.policyInfo(policy.digest);
  registry.policyDestinations(policy.destinations);
  for (const name of LIMITED_CASES) registry.caseState(name, policy.cases[name].state);
}

/** Remembers who switched which case. What can't be written down is said: it must not keep the policy from being in force. */
function noteSwitches(switches: CaseSwitchFile, { index }: LoadedRules, logger: Logger): void {
  try {
    for (const { case: name, from, to, by, reason } of switches.note(index.policy, CLOCK.now()))
      logger.warn("A case's switch was changed.", { case: name, from: from ?? "", to, by: by ?? "not said", reason: reason ?? "not said" });
  } catch (error) {
    logger.error("The history of the cases' switches can't be kept.", { fault: nameOf(error) });
  }
}

function useAuthority(authority: Authority, leaves: LeafCache, registry: MetricsRegistry): void {
  leaves.useAuthority(authority);
  registry.caExpiry(new Date(authority.expiresAt));
}

/** @param crew how many workers write beside this process */
async function openRecords(
  settings: Settings,
  logger: Logger,
  metrics: MetricsRegistry,
  worker: number | undefined,
  crew: number,
): Promise<RecordRoom> {
  const { distinct_per_client: distinctPerClient, keep_days: days, keep_count: records } = settings.records;
  const room = {
    dataDir: settings.data,
    url: settings.store.url === "sqlite" ? undefined : settings.store.url,
    logger,
    clock: CLOCK,
    metrics,
    evidence: { recipients: settings.evidence.recipients, maxBytes: settings.evidence.max_bytes },
    distinctPerClient,
    keep: { days, records },
    outgoing: readOutgoing(settings.outgoing),
  };
  const opened = await openRecordRoom({ ...room, worker });
  if (worker === undefined) await adoptLeft(room, crew);
  return opened;
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}
