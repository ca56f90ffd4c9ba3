import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { prepareInstallation } from "../support/installation.js";
import { spawnProxy } from "../support/proxy-process.js";
import { openTunnel } from "../support/wire.js";

const HOSTS = 5_000;
const CACHE = 300;
/** By then the cache is full and the heap has its size. */
const SETTLED = 1_500;
const AT_ONCE = 8;
/** A leaf with its context costs some 20 kB, so that a cache without bound would grow by 70 MB at the least. */
const MOST_GROWTH_MIB = 40;

test(`tunnels to ${HOSTS} hosts leave the memory where ${SETTLED} left it: leaves are kept up to the cache's bound`, async (context) => {
  const names = Array.from({ length: HOSTS }, (_, n) => `h${n}.example.com`);
  const installation = await prepareInstallation({
    policy: (text) => text.replace("\ndestinations: []", `\ndestinations:\n${names.map(destination).join("")}`),
    settings: { leaf: { cache: CACHE } },
  });
  context.after(() => installation.remove());
  const proxy = await spawnProxy(installation.settingsFile);
  context.after(() => proxy.kill("SIGKILL"));
  const ca = readFileSync(join(installation.certs, "ca.crt"), "utf8");
  const connectToAll = async (hosts: readonly string[]): Promise<void> => {
    const left = [...hosts];
    const client = async (): Promise<void> => {
      // Verified: the client refuses a leaf that proves another host.
      for (let host = left.pop(); host !== undefined; host = left.pop())
        (await openTunnel({ port: proxy.port, to: `${host}:443`, ca })).close();
    };
    await Promise.all(Array.from({ length: AT_ONCE }, client));
  };

  await connectToAll(names.slice(0, SETTLED));
  const before = residentMib(proxy.pid);
  await connectToAll(names.slice(SETTLED));
  const after = residentMib(proxy.pid);
  context.diagnostic(`RSS ${before.toFixed(0)} MiB after ${SETTLED} hosts, ${after.toFixed(0)} MiB after ${HOSTS}`);
  assert.ok(after - before < MOST_GROWTH_MIB, `${before} MiB grew to ${after} MiB`);
  const minted = /^egress_leaf_certificates_total (\d+)$/m.exec(
    await (await fetch(`http://127.0.0.1:${proxy.metricsPort}/metrics`)).text(),
  );
  assert.ok(Number(minted?.[1]) >= HOSTS, "each host had a leaf of its own");
});

function destination(host: string, n: number): string {
  return `  - { name: d${n}, host: ${host}, port: 443, routes: [{ methods: [GET], path: / }] }\n`;
}

function residentMib(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1_024;
}
