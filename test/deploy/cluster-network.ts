import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import type { Endpoint } from "./network-policy.js";
import { attempt, run } from "./tools.js";

/** A Service: packets to `address:port` go to `to:toPort`, as kube-proxy does it, before any policy sees them. */
export interface Service {
  readonly address: string;
  readonly port: number;
  readonly to: string;
  readonly toPort: number;
}

/**
 * Network namespaces of this machine, one an endpoint, joined by one router whose forwarding nftables judge. Needs root.
 * Names carry the process id, so that two runs do not meet.
 */
export class ClusterNetwork {
  readonly #prefix = `egress${process.pid}`;
  readonly #endpoints: readonly Endpoint[];
  readonly #children: ChildProcess[] = [];

  constructor(endpoints: readonly Endpoint[], services: readonly Service[], resolver: string) {
    this.#endpoints = endpoints;
    const router = this.#name("router");
    run("ip", ["netns", "add", router]);
    run("ip", ["-n", router, "link", "set", "lo", "up"]);
    run("ip", ["netns", "exec", router, "sysctl", "-qw", "net.ipv4.ip_forward=1"]);
    for (const [index, { name, address }] of endpoints.entries()) {
      const inside = this.#name(name);
      mkdirSync(`/etc/netns/${inside}`, { recursive: true });
      writeFileSync(`/etc/netns/${inside}/resolv.conf`, `nameserver ${resolver}\noptions timeout:1 attempts:1\n`);
      const link = `e${process.pid}x${index}`;
      run("ip", ["netns", "add", inside]);
      run("ip", ["link", "add", link, "netns", router, "type", "veth", "peer", "name", "eth0", "netns", inside]);
      run("ip", ["-n", inside, "addr", "add", `${address}/32`, "dev", "eth0"]);
      run("ip", ["-n", inside, "link", "set", "lo", "up"]);
      run("ip", ["-n", inside, "link", "set", "eth0", "up"]);
      run("ip", ["-n", router, "link", "set", link, "up"]);
      run("ip", ["-n", router, "route", "add", `${address}/32`, "dev", link]);
      // The router answers for every address, as the host's end of a pod's link does.
      run("ip", ["netns", "exec", router, "sysctl", "-qw", `net.ipv4.conf.${link}.proxy_arp=1`]);
      run("ip", ["-n", router, "addr", "add", "169.254.1.1/32", "dev", link]);
      run("ip", ["-n", inside, "route", "add", "169.254.1.1", "dev", "eth0", "scope", "link"]);
      run("ip", ["-n", inside, "route", "add", "default", "via", "169.254.1.1", "dev", "eth0"]);
    }
    const translations = services.map(
      ({ address, port, to, toPort }) => `    ip daddr ${address} tcp dport ${port} dnat to ${to}:${toPort}`,
    );
    this.#load(
      `table ip services {\n  chain prerouting {\n    type nat hook prerouting priority dstnat;\n${translations.join("\n")}\n  }\n}\n`,
    );
  }

  /** Replaces the policies that are in force. */
  enforce(ruleset: string): void {
    attempt("ip", ["netns", "exec", this.#name("router"), "nft", "delete", "table", "ip", "policies"]);
    this.#load(ruleset);
  }

  /** Starts a program of this package in an endpoint; resolves once it has written `ready`. */
  async start(endpoint: string, args: readonly string[], ready: RegExp): Promise<void> {
    const child = spawn("ip", ["netns", "exec", this.#name(endpoint), process.execPath, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    this.#children.push(child);
    let written = "";
    child.stderr.on("data", (piece: Buffer) => {
      written += piece.toString();
    });
    while (!ready.test(written)) {
      const [piece] = (await Promise.race([once(child.stdout, "data"), once(child, "close").then(() => [])])) as (Buffer | undefined)[];
      if (piece === undefined) throw new Error(`${args.join(" ")} ended: ${written}`);
      written += piece.toString();
    }
  }

  /** Runs a program of this package in an endpoint to its end, without stopping this process. */
  async run(
    endpoint: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly stdout: string }> {
    const child = spawn("ip", ["netns", "exec", this.#name(endpoint), process.execPath, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let stdout = "";
    child.stdout.on("data", (piece: Buffer) => {
      stdout += piece.toString();
    });
    await once(child, "close");
    return { status: child.exitCode ?? -1, stdout };
  }

  close(): void {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const name of ["router", ...this.#endpoints.map((each) => each.name)]) {
      attempt("ip", ["netns", "delete", this.#name(name)]);
      rmSync(`/etc/netns/${this.#name(name)}`, { recursive: true, force: true });
    }
  }

  #name(endpoint: string): string {
    return `${this.#prefix}-${endpoint}`;
  }

  #load(ruleset: string): void {
    run("ip", ["netns", "exec", this.#name("router"), "nft", "-f", "-"], { input: ruleset });
  }
}
