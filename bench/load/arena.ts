import { type ChildProcess, fork, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LoadOrder, LoadResult } from "./client.js";
import type { Arena, Contender } from "./contenders.js";
import { EVENT_HUB, type Scenario, SEGMENT } from "./scenarios.js";

/** The generator's process, on the core that no proxy runs on. */
export function startGenerator(): ChildProcess {
  const generator = fork(fileURLToPath(new URL("./client.js", import.meta.url)));
  spawnSync("taskset", ["-a", "-cp", "1", String(generator.pid)]);
  return generator;
}

/** One P-256 certificate for all of the vendor's names, under a CA of its own. */
function vendorCertificate(folder: string, hosts: readonly string[]): { readonly ca: string; readonly cert: string; readonly key: string } {
  const file = (name: string): string => join(folder, `vendor-${name}`);
  const openssl = (...args: readonly string[]): void => {
    const { status, stderr } = spawnSync("openssl", args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`openssl ${args[0]} failed: ${stderr}`);
  };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  openssl("req", "-x509", ...key, "-days", "30", "-subj", "/CN=bench vendor CA", "-keyout", file("ca.key"), "-out", file("ca.crt"));
  openssl("req", ...key, "-subj", `/CN=${EVENT_HUB}`, "-keyout", file("leaf.key"), "-out", file("leaf.csr"));
  writeFileSync(file("leaf.ext"), `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(",")}\n`);
  const signing = ["-CA", file("ca.crt"), "-CAkey", file("ca.key"), "-CAcreateserial", "-days", "30", "-extfile", file("leaf.ext")];
  openssl("x509", "-req", "-in", file("leaf.csr"), ...signing, "-out", file("leaf.crt"));
  return { ca: file("ca.crt"), cert: readFileSync(file("leaf.crt"), "utf8"), key: readFileSync(file("leaf.key"), "utf8") };
}

/** The vendor's certificates, a CA for those that mint leaves, and where the stand-in vendor listens. `hosts`: the vendor's names. */
export function prepareArena(folder: string, hosts: readonly string[] = [EVENT_HUB, SEGMENT]): Arena {
  const vendor = vendorCertificate(folder, hosts);
  // For Squid and mitmproxy, an RSA CA, which is what both make by default.
  const minting = join(folder, "minting.pem");
  spawnSync("openssl", [
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "30",
    "-subj",
    "/CN=bench",
    "-addext",
    "basicConstraints=critical,CA:TRUE",
    "-addext",
    "keyUsage=critical,keyCertSign,cRLSign",
    "-keyout",
    join(folder, "k.pem"),
    "-out",
    join(folder, "c.pem"),
  ]);
  const cert = readFileSync(join(folder, "c.pem"), "utf8");
  writeFileSync(minting, readFileSync(join(folder, "k.pem"), "utf8") + cert);
  return {
    folder,
    hosts,
    upstreamAddress: "127.0.0.2",
    upstreamPort: 443,
    upstreamCa: vendor.ca,
    leaf: vendor,
    mintingCa: { pemFile: minting, cert },
  };
}

/** Has the generator play a scenario against a proxy. Throws where that takes more than three minutes or a connection breaks. */
export async function load(generator: ChildProcess, contender: Contender, scenario: Scenario): Promise<LoadResult> {
  const order: LoadOrder = {
    ...scenario,
    proxyHost: contender.host,
    proxyPort: contender.port,
    viaConnect: contender.viaConnect,
    caPem: contender.caPem,
    rate: scenario.rate ?? 0,
    idle: scenario.idle ?? 0,
  };
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${contender.name} did not end ${scenario.name} within three minutes.`)), 180_000);
    generator.once("message", () => clearTimeout(late));
    generator.once("message", (answer: { result?: LoadResult; error?: string }) => {
      if (answer.result === undefined) reject(new Error(`${contender.name}: ${answer.error ?? "no result"}`));
      else resolve(answer.result);
    });
    generator.send(order);
  });
}
