import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { z } from "zod";
import { packageRoot } from "../config/package-root.js";
import { loadSettings } from "../config/settings.js";
import { startProxy } from "../main.js";
import { openAuthority } from "../tls/authority.js";
import { type PlayedRequest, readTraffic } from "./demo/played-request.js";
import { sendThroughProxy } from "./demo/proxied-client.js";
import { startStandInVendor } from "./demo/stand-in-vendor.js";

const REFUSAL = z.object({ code: z.string(), record: z.string().nullable(), findings: z.array(z.object({ rule: z.string() })) });

interface Row {
  readonly request: string;
  readonly host: string;
  readonly verdict: string;
  readonly why: string;
  readonly record: string;
  readonly arrived: string;
}

export function addDemoCommand(program: Command): void {
  program
    .command("demo")
    .description("Start a stand-in vendor and the proxy, play real Diffgram traffic through them, and show what became of it.")
    .option("--once", "end after the table (the default where standard output is no terminal)")
    .action(async (options: { once?: true }) => demonstrate(options.once === true || !process.stdout.isTTY));
}

async function demonstrate(once: boolean): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "egress-proxy-demo-"));
  const requests = readTraffic(join(packageRoot(), "demo", "traffic"), new Date());
  const hosts = [...new Set(requests.map((request) => request.host))];
  const vendorCa = join(folder, "vendor-ca");
  const vendor = await startStandInVendor(await openAuthority({ dir: vendorCa, now: Date.now(), createIfMissing: true }), hosts);
  const proxy = await startProxy(
    loadSettings({
      env: {},
      flags: [
        { path: ["certs"], flag: "demo", value: join(folder, "certs") },
        { path: ["data"], flag: "demo", value: join(folder, "data") },
        { path: ["upstream", "ca"], flag: "demo", value: [join(vendorCa, "ca.crt")] },
        { path: ["upstream", "connect_to"], flag: "demo", value: hosts.map((host) => `${host}:443:127.0.0.1:${vendor.port}`) },
        { path: ["listen", "proxy"], flag: "demo", value: "127.0.0.1:0" },
        { path: ["listen", "metrics"], flag: "demo", value: "127.0.0.1:0" },
        { path: ["listen", "console"], flag: "demo", value: "127.0.0.1:0" },
        { path: ["log", "level"], flag: "demo", value: "error" },
      ],
    }),
  );
  const rows: Row[] = [];
  for (const request of requests) {
    const before = vendor.received.length;
    const answer = await sendThroughProxy(proxy.addresses.proxy?.port ?? 0, proxy.caPem, request);
    rows.push(
      rowOf(
        request,
        answer,
        vendor.received.slice(before).map((received) => received.body),
      ),
    );
  }
  process.stdout.write(`${table(rows)}\n\n`);
  const cli = "node dist/app/egress-proxy.js";
  process.stdout.write(
    `Where to look:\n  records   ${cli} records list --data ${join(folder, "data")}\n  one       ${cli} records show RECORD --data ${join(folder, "data")}\n`,
  );
  if (!once) {
    process.stdout.write(
      `  metrics   http://127.0.0.1:${proxy.addresses.metrics?.port ?? 0}/metrics\n  desk      http://127.0.0.1:${proxy.addresses.console?.port ?? 0}/ as admin with ${proxy.firstPassword ?? ""}\n\nThe proxy goes on at 127.0.0.1:${proxy.addresses.proxy?.port ?? 0}; Ctrl-C ends it.\n`,
    );
    await new Promise<void>((resolve) => process.once("SIGINT", () => resolve()));
  }
  await proxy.close();
  await vendor.close();
}

function rowOf(request: PlayedRequest, answer: { readonly status: number; readonly body: string }, arrived: readonly Buffer[]): Row {
  const row = { request: request.name, host: request.host };
  if (answer.status === 200) {
    const whole = arrived.length === 1 && arrived[0]?.equals(request.body) === true;
    return {
      ...row,
      verdict: "allow",
      why: "nothing found that does not belong there",
      record: "",
      arrived: whole ? "byte for byte" : "CHANGED",
    };
  }
  const refusal = REFUSAL.safeParse(parseJson(answer.body));
  const rules = refusal.success ? [...new Set(refusal.data.findings.map((finding) => finding.rule))] : [];
  const why = refusal.success ? [refusal.data.code, ...rules.slice(0, 4)].join(" · ") : `HTTP ${answer.status}`;
  return {
    ...row,
    verdict: "block",
    why,
    record: (refusal.success ? refusal.data.record : null) ?? "",
    arrived: arrived.length === 0 ? "nothing" : "SOMETHING",
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function table(rows: readonly Row[]): string {
  const columns: readonly (readonly [keyof Row, string])[] = [
    ["request", "sent"],
    ["host", "to"],
    ["verdict", "verdict"],
    ["arrived", "arrived"],
    ["record", "record"],
    ["why", "why"],
  ];
  const widths = columns.map(([key, title]) => Math.max(title.length, ...rows.map((row) => row[key].length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd();
  return [
    line(columns.map(([, title]) => title)),
    line(widths.map((width) => "-".repeat(width))),
    ...rows.map((row) => line(columns.map(([key]) => row[key]))),
  ].join("\n");
}
