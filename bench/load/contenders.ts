import { type ChildProcess, fork, spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** What every contender is given. */
export interface Arena {
  readonly folder: string;
  /** The vendor's names, all at one address. */
  readonly hosts: readonly string[];
  readonly upstreamAddress: string;
  readonly upstreamPort: number;
  readonly upstreamCa: string;
  /** A leaf for `host`, for those that mint none. */
  readonly leaf: { readonly cert: string; readonly key: string };
  /** A CA's certificate and key in one PEM file, for those that mint their own. */
  readonly mintingCa: { readonly pemFile: string; readonly cert: string };
}

/** A running proxy. `cpu` is read from /proc for it and all its children. */
export interface Contender {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly viaConnect: boolean;
  readonly caPem: string;
  readonly process: ChildProcess;
}

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const PROXY_CORE = "0";

function pinned(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  return spawn("taskset", ["-c", PROXY_CORE, command, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", process.env["BENCH_DEBUG"] === undefined ? "ignore" : "inherit"],
  });
}

/** `words` are further ones of `egress-proxy run`, `env` further settings. */
export async function startOurs(
  arena: Arena,
  port: number,
  { words = [], env = {} }: { words?: readonly string[]; env?: Readonly<Record<string, string>> } = {},
): Promise<Contender> {
  const certs = join(arena.folder, `ours-certs-${port}`);
  const profiles = process.env["BENCH_PROFILE"];
  const profiling = profiles === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", profiles];
  const child = pinned(
    process.execPath,
    [
      ...profiling,
      here("../../app/egress-proxy.js"),
      "run",
      "--certs",
      certs,
      "--data",
      join(arena.folder, `ours-data-${port}`),
      "--upstream-ca",
      arena.upstreamCa,
      ...arena.hosts.flatMap((host) => ["--connect-to", `${host}:443:${arena.upstreamAddress}:${arena.upstreamPort}`]),
      ...words,
    ],
    {
      EGRESS_PROXY_LISTEN_PROXY: `127.0.0.1:${port}`,
      EGRESS_PROXY_LISTEN_METRICS: `127.0.0.1:${port + 1}`,
      EGRESS_PROXY_LISTEN_CONSOLE: "off",
      // All of the benchmark's clients come from one address, as those of a cluster don't.
      EGRESS_PROXY_LIMITS_CONNECTIONS: "4000",
      EGRESS_PROXY_LIMITS_CONNECTIONS_PER_CLIENT: "4000",
      ...env,
    },
  );
  await portOpen(port, child);
  return { name: "ours", host: "127.0.0.1", port, viaConnect: true, caPem: readFileSync(join(certs, "ca.crt"), "utf8"), process: child };
}

export async function startBare(arena: Arena, port: number): Promise<Contender> {
  const child = pinned(
    process.execPath,
    [here("./bare-proxy.js"), String(port), `${arena.upstreamAddress}:${arena.upstreamPort}`, arena.hosts[0] ?? ""],
    {
      EGRESS_BENCH_CERT: arena.leaf.cert,
      EGRESS_BENCH_KEY: arena.leaf.key,
      EGRESS_BENCH_CA: readFileSync(arena.upstreamCa, "utf8"),
    },
  );
  await portOpen(port, child);
  return { name: "bare undici", host: "127.0.0.1", port, viaConnect: true, caPem: readFileSync(arena.upstreamCa, "utf8"), process: child };
}

export async function startSquid(arena: Arena, port: number): Promise<Contender | undefined> {
  const helper = "/usr/lib/squid/security_file_certgen";
  if (!existsSync(helper)) return undefined;
  const folder = join(arena.folder, "squid");
  mkdirSync(folder, { recursive: true });
  spawnSync(helper, ["-c", "-s", join(folder, "ssl_db"), "-M", "4MB"]);
  writeFileSync(join(folder, "hosts"), arena.hosts.map((host) => `${arena.upstreamAddress} ${host}\n`).join(""));
  writeFileSync(
    join(folder, "squid.conf"),
    `http_port 127.0.0.1:${port} ssl-bump generate-host-certificates=on dynamic_cert_mem_cache_size=4MB tls-cert=${arena.mintingCa.pemFile}
sslcrtd_program ${helper} -s ${join(folder, "ssl_db")} -M 4MB
sslcrtd_children 2 startup=1
ssl_bump bump all
tls_outgoing_options cafile=${arena.upstreamCa}
http_access allow all
# By default Squid opens a connection for each POST, since it could not send one again.
server_pconn_for_nonretriable allow all
cache deny all
access_log none
cache_log /dev/null
pid_filename none
hosts_file ${join(folder, "hosts")}
coredump_dir ${folder}
cache_effective_user proxy
shutdown_lifetime 0 seconds
`,
  );
  // It refuses to stay root, and then has to reach what is its own.
  spawnSync("chown", ["-R", "proxy", folder, arena.mintingCa.pemFile]);
  chmodSync(arena.folder, 0o711);
  const child = pinned("/usr/sbin/squid", ["-n", `bench${process.pid}`, "-N", "-f", join(folder, "squid.conf")]);
  await portOpen(port, child);
  return { name: "Squid, no inspection", host: "127.0.0.1", port, viaConnect: true, caPem: arena.mintingCa.cert, process: child };
}

export async function startMitmproxy(arena: Arena, port: number): Promise<Contender | undefined> {
  if (!existsSync("/usr/bin/mitmdump")) return undefined;
  const folder = join(arena.folder, "mitmproxy");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "mitmproxy-ca.pem"), readFileSync(arena.mintingCa.pemFile));
  writeFileSync(
    join(folder, "dial.py"),
    `def server_connect(data):\n    data.server.address = ("${arena.upstreamAddress}", ${arena.upstreamPort})\n`,
  );
  const child = pinned("/usr/bin/mitmdump", [
    "-q",
    "--listen-host",
    "127.0.0.1",
    "-p",
    String(port),
    "-s",
    join(folder, "dial.py"),
    "--set",
    `confdir=${folder}`,
    "--set",
    `ssl_verify_upstream_trusted_ca=${arena.upstreamCa}`,
    "--set",
    "connection_strategy=lazy",
    "--set",
    "http2=false",
  ]);
  await portOpen(port, child);
  return { name: "mitmproxy", host: "127.0.0.1", port, viaConnect: true, caPem: arena.mintingCa.cert, process: child };
}

export async function startHaproxy(arena: Arena, port: number): Promise<Contender | undefined> {
  if (!existsSync("/usr/sbin/haproxy")) return undefined;
  const pem = join(arena.folder, "haproxy.pem");
  writeFileSync(pem, arena.leaf.cert + arena.leaf.key);
  const config = join(arena.folder, "haproxy.cfg");
  writeFileSync(
    config,
    `global
  nbthread 1
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend in
  bind 127.0.0.1:${port} ssl crt ${pem} alpn http/1.1
  default_backend out
backend out
  server vendor ${arena.upstreamAddress}:${arena.upstreamPort} ssl verify required ca-file ${arena.upstreamCa} sni str(${arena.hosts[0]}) verifyhost ${arena.hosts[0]}
`,
  );
  const child = pinned("/usr/sbin/haproxy", ["-f", config, "-db"]);
  await portOpen(port, child);
  return {
    name: "HAProxy, re-encrypting",
    host: "127.0.0.1",
    port,
    viaConnect: false,
    caPem: readFileSync(arena.upstreamCa, "utf8"),
    process: child,
  };
}

/** The stand-in vendor, on the generator's core. */
export async function startVendor(arena: Arena): Promise<ChildProcess> {
  const child = fork(here("./vendor.js"), [arena.upstreamAddress, String(arena.upstreamPort)], {
    env: { ...process.env, EGRESS_BENCH_CERT: arena.leaf.cert, EGRESS_BENCH_KEY: arena.leaf.key },
  });
  spawnSync("taskset", ["-a", "-cp", "1", String(child.pid)]);
  await portOpen(arena.upstreamPort, child, arena.upstreamAddress);
  return child;
}

/** CPU seconds that a process and all below it have used, threads and all (`man 5 proc`: fields 14 and 15 of stat, in ticks of 10 ms). */
export function cpuSeconds(pid: number): number {
  let ticks = 0;
  for (const each of [pid, ...descendants(pid)]) {
    const stat = readStat(each);
    if (stat !== undefined) ticks += Number(stat[11]) + Number(stat[12]);
  }
  return ticks / 100;
}

/** Resident memory of a process and all below it, MiB. */
export function residentMib(pid: number): number {
  let kib = 0;
  for (const each of [pid, ...descendants(pid)]) {
    if (existsSync(`/proc/${each}/status`)) kib += Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${each}/status`, "utf8"))?.[1] ?? 0);
  }
  return kib / 1_024;
}

function descendants(pid: number): number[] {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && readStat(Number(name))?.[1] === String(pid))
    .map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** The fields after the command's closing bracket; index 1 is the parent. */
function readStat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

async function portOpen(port: number, child: ChildProcess, host = "127.0.0.1"): Promise<void> {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (child.exitCode !== null) throw new Error(`The process for port ${port} ended with ${child.exitCode}.`);
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect({ host, port }, () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`Nothing listens on port ${port} after 30 seconds.`);
}
