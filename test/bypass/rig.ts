import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { loadSettings } from "../../src/config/settings.js";
import { writeCredentialLine } from "../../src/listen/credential-line.js";
import { startProxy } from "../../src/main.js";
import { openAuthority } from "../../src/tls/authority.js";
import { startParentProxy } from "../support/parent-proxy.js";
import { certificate, DAY, type Made } from "../tls/certificates.js";
import { ADDRESS_TARGET, LATE_PLACE, NAMES, type OwnDestination, PARENTS_ANSWERS, PLACES, type World, writeRules } from "./rig-policy.js";
import { startVendor, type Vendor } from "./vendor.js";

/** One real proxy and one real vendor, over real sockets. */
export interface Rig {
  readonly proxyPort: number;
  readonly transparentPort: number;
  /** Of listen.proxy-tls. */
  readonly doorPort: number;
  /** Of listen.first-party, where browsers ask by Diffgram's own domain. */
  readonly firstPartyPort: number;
  readonly metricsPort: number;
  readonly clients: Readonly<Record<"walrus" | "seal" | "stranger" | "expired" | "quoted" | "joined" | "two-named", Made>>;
  readonly caPem: string;
  readonly vendor: Vendor;
  /** Lines of the log so far, warnings and errors. */
  readonly log: readonly string[];
  /** As a signal of the operator's does. */
  reload(): Promise<void>;
  /** The proxy stops, the vendor stays. */
  drain(): Promise<void>;
  /** Look-ups of a name so far. */
  lookUps(host: string): number;
  close(): Promise<void>;
}

/** How many times slower than usual clients may be. */
const PACE = Number(process.env["BYPASS_PACE"] ?? "1.5");
/** Threads of the inspection, where they are other than usual: scripts/mutation.mjs switches mutants on by a global, which no other thread knows. */
const { BYPASS_THREADS } = process.env;
/** Diffgram's own domain. */
export const SITE = "diffgram.site.example";
const CASE_HOSTS = ["app.diffgram.com", "api.segment.io", "www.googletagmanager.com", "www.google-analytics.com"];

export const QUOTA = { requests: 3, bytes: 600, caseBytes: 200 };
/** Shorter than a look-up that is late takes, and an answer that trickles. */
const BRIEF_MS = 800;
const WORLDS: Readonly<Record<World, readonly (readonly [path: readonly string[], value: number | string | readonly string[]])[]>> = {
  usual: [],
  quotas: [
    [["quotas", "client_requests_per_minute"], QUOTA.requests],
    [["quotas", "client_bytes_per_minute"], QUOTA.bytes],
    [["quotas", "client_concurrent"], 2],
  ],
  // With a case switched off; and where connections may rest until hundreds are there.
  limited: [[["timeouts", "idle_ms"], 60_000]],
  sla: [[["overlays"], ["keep-sla"]]],
  monitored: [],
  // The least memory that may be set: a quarter of it for one client.
  crowded: [
    [["limits", "connections"], 8],
    [["limits", "connections_per_client"], 3],
    [["limits", "body_memory_bytes"], 1_048_576],
  ],
  brief: [
    [["upstream", "total_ms"], BRIEF_MS],
    [["upstream", "connections"], 1],
  ],
  // Where nobody is asked who they are; connections that may rest for as long as a case takes, and leaves that are made anew for each other host.
  lives: [
    [["proxy_tls", "credentials"], "off"],
    [["proxy_tls", "client_ca"], []],
    [["timeouts", "idle_ms"], 60_000],
    [["timeouts", "body_ms"], 20_000],
    [["leaf", "cache"], 1],
  ],
  // For hours beside other work, where a handshake may take longer than a second.
  patient: [[["timeouts", "handshake_ms"], 10_000]],
};

/** One rig a world, started when a case first asks for it. */
export class Worlds {
  readonly #own: readonly OwnDestination[];
  readonly #rigs = new Map<World, Promise<Rig>>();

  constructor(own: readonly OwnDestination[]) {
    this.#own = own;
  }

  of(world: World = "usual"): Promise<Rig> {
    const known = this.#rigs.get(world);
    if (known !== undefined) return known;
    const started = startRig(this.#own, world);
    this.#rigs.set(world, started);
    return started;
  }

  async all(): Promise<Rig[]> {
    return Promise.all(this.#rigs.values());
  }

  async close(): Promise<void> {
    for (const rig of await this.all()) await rig.close();
    this.#rigs.clear();
  }
}

/** @param credentialLines the file of credentials, where it is not the usual one */
export async function startRig(own: readonly OwnDestination[], world: World = "usual", credentialLines?: readonly string[]): Promise<Rig> {
  const folder = mkdtempSync(join(tmpdir(), "egress-bypass-"));
  const vendorCa = join(folder, "vendor-ca");
  const vendor = await startVendor(await openAuthority({ dir: vendorCa, now: Date.now(), createIfMissing: true }), ADDRESS_TARGET);
  const parent = await startParentProxy({
    says: { "eager-parent.operator.example:80": "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled" },
    dials: (place) => ({ "eager-parent.operator.example:80": vendor.plainPort, "parent.operator.example:443": vendor.tlsPort, "plain-parent.operator.example:80": vendor.plainPort })[place],
    answers: PARENTS_ANSWERS,
  });
  writeRules(join(folder, "rules"), own, vendor, parent.port, world);
  const clients = await clientCertificates(folder);
  writeFileSync(join(folder, "credentials"), `${(credentialLines ?? (await usualCredentials())).join("\n")}\n`);
  const lookUps = new Map<string, number>();
  const answers = new Map(own.map((destination) => [destination.host, destination.resolves]));
  const takes = new Map<string, number>([...own.map(({ host, lookUpMs }) => [host, lookUpMs] as const), [LATE_PLACE, BRIEF_MS + 300]]);
  const resolve = async (host: string): Promise<readonly string[]> => {
    const before = lookUps.get(host) ?? 0;
    lookUps.set(host, before + 1);
    const known = answers.get(host);
    const answer = known?.[Math.min(before, known.length - 1)] ?? NAMES[host] ?? PLACES[host];
    const ms = takes.get(host) ?? 0;
    if (ms > 0) await pause(ms);
    if (answer === undefined) throw new Error("No such name.");
    return answer;
  };
  const settings = loadSettings({
    env: {},
    flags: [
      { path: ["rules"], flag: "test", value: join(folder, "rules") },
      { path: ["certs"], flag: "test", value: join(folder, "certs") },
      { path: ["data"], flag: "test", value: join(folder, "data") },
      { path: ["upstream", "ca"], flag: "test", value: [join(vendorCa, "ca.crt")] },
      { path: ["upstream", "connect_to"], flag: "test", value: CASE_HOSTS.map((host) => `${host}:443:127.0.0.1:${vendor.tlsPort}`) },
      { path: ["upstream", "connect_ms"], flag: "test", value: 1_500 },
      { path: ["upstream", "first_byte_ms"], flag: "test", value: 2_000 * PACE },
      { path: ["listen", "proxy"], flag: "test", value: "127.0.0.1:0" },
      { path: ["listen", "transparent"], flag: "test", value: "127.0.0.1:0" },
      { path: ["listen", "proxy-tls"], flag: "test", value: "127.0.0.1:0" },
      { path: ["proxy_tls", "client_ca"], flag: "test", value: [join(folder, "clients.pem")] },
      { path: ["proxy_tls", "credentials"], flag: "test", value: join(folder, "credentials") },
      { path: ["proxy_protocol", "trusted"], flag: "test", value: ["127.0.0.5"] },
      { path: ["listen", "first-party"], flag: "test", value: "127.0.0.1:0" },
      { path: ["first_party", "hosts"], flag: "test", value: [SITE] },
      { path: ["listen", "metrics"], flag: "test", value: "127.0.0.1:0" },
      { path: ["listen", "console"], flag: "test", value: "off" },
      { path: ["timeouts", "headers_ms"], flag: "test", value: 1_000 * PACE },
      { path: ["timeouts", "body_ms"], flag: "test", value: 1_000 * PACE },
      { path: ["timeouts", "handshake_ms"], flag: "test", value: 1_000 * PACE },
      { path: ["timeouts", "idle_ms"], flag: "test", value: 2_000 },
      { path: ["log", "level"], flag: "test", value: "warn" },
      ...(BYPASS_THREADS === undefined ? [] : [{ path: ["inspection_threads"], flag: "test", value: Number(BYPASS_THREADS) }]),
      ...WORLDS[world].map(([setting, value]) => ({ path: [...setting], flag: "test", value })),
    ],
  });
  const log: string[] = [];
  const logging = { ...settings.log, stream: collecting(log) };
  const stopRest = async (): Promise<void> => {
    await parent.close();
    await vendor.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const proxy = await startProxy({ ...settings, log: logging }, { resolve }).catch(async (error: unknown) => {
    await stopRest();
    throw error;
  });
  let stopping: Promise<void> | undefined;
  const drain = (): Promise<void> => (stopping ??= proxy.close());
  return {
    proxyPort: proxy.addresses.proxy?.port ?? 0,
    transparentPort: proxy.addresses.transparent?.port ?? 0,
    doorPort: proxy.addresses.proxyTls?.port ?? 0,
    firstPartyPort: proxy.addresses.firstParty?.port ?? 0,
    metricsPort: proxy.addresses.metrics?.port ?? 0,
    clients,
    caPem: proxy.caPem,
    vendor,
    log,
    reload: () => proxy.reload(),
    drain,
    lookUps: (host) => lookUps.get(host) ?? 0,
    async close() {
      await drain();
      await stopRest();
    },
  };
}

/** As operators write such files; the password of `cheap` costs the least that may be. */
async function usualCredentials(): Promise<string[]> {
  const [walrus = "", other = ""] = await Promise.all(["walrus", "other"].map((name) => writeCredentialLine(name, "correct horse")));
  return ["# Services", walrus, "", "# Guessed often", `cheap:scrypt:1024:8:1:${other.split(":").slice(5).join(":")}`];
}

/** Faults are shown as well. */
function collecting(lines: string[]): Writable {
  return new Writable({
    write(piece: Buffer, _encoding, done) {
      const line = piece.toString("utf8");
      lines.push(line);
      if (line.includes('"level":"error"')) process.stderr.write(line);
      done();
    },
  });
}

async function clientCertificates(folder: string): Promise<Rig["clients"]> {
  const ca = await certificate({ name: "Clients", kind: "rsa" });
  const other = await certificate({ name: "Clients", kind: "rsa" });
  writeFileSync(join(folder, "clients.pem"), ca.pem);
  const leaf = { ca: false, usage: "digital-signature", issuer: ca } as const;
  return {
    walrus: await certificate({ ...leaf, name: "walrus" }),
    seal: await certificate({ ...leaf, name: "seal" }),
    stranger: await certificate({ ...leaf, name: "walrus", issuer: other }),
    quoted: await certificate({ ...leaf, name: "seal", dnsName: "seal, URI:walrus, x" }),
    joined: await certificate({ ...leaf, name: "seal", dnsName: "seal,URI:walrus" }),
    "two-named": await certificate({ ...leaf, name: "walrus", dnsName: "seal" }),
    expired: await certificate({ ...leaf, name: "walrus", notBefore: Date.now() - 3 * DAY, notAfter: Date.now() - DAY }),
  };
}
