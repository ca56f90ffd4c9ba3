import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../../src/config/package-root.js";
import { type PlayedRequest, readTraffic } from "../../src/cli/demo/played-request.js";
import { startStandInVendor, type StandInVendor, type VendorAnswer } from "../../src/cli/demo/stand-in-vendor.js";
import { loadSettings, type Settings } from "../../src/config/settings.js";
import type { Resolver } from "../../src/forward/dial.js";
import { openRecordArchive } from "../../src/record/record-archive.js";
import type { DeskRecord } from "../../src/model/record-desk.js";
import { type Authority, openAuthority } from "../../src/tls/authority.js";

export const EVENT_HUB = "app.diffgram.com";
export const SEGMENT = "api.segment.io";

/** What a test wants otherwise than shipped. */
export interface InstallationWish {
  readonly answer?: VendorAnswer;
  /** Changes the shipped policy's text. */
  readonly policy?: (text: string) => string;
  /** Further hosts that the vendor proves. */
  readonly hosts?: readonly string[];
  /** `HOST:PORT:ADDR:PORT` beside those that lead to the vendor. */
  readonly connectTo?: readonly string[];
  /** Names to addresses, in place of the system's resolver. */
  readonly resolve?: Resolver;
  /** Sections of the settings file. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** A folder with everything that a proxy needs, and a vendor with a CA of its own; the proxy itself is started by the test. */
export interface Installation {
  readonly folder: string;
  readonly certs: string;
  readonly data: string;
  /** Undefined where the policy is the shipped one. */
  readonly rules: string | undefined;
  readonly settingsFile: string;
  readonly vendor: StandInVendor;
  readonly vendorAuthority: Authority;
  settings(): Settings;
  remove(): Promise<void>;
}

/** @throws where the vendor can't listen */
export async function prepareInstallation(wish: InstallationWish = {}): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), "egress-installation-"));
  const vendorCa = join(folder, "vendor-ca");
  const vendorAuthority = await openAuthority({ dir: vendorCa, now: Date.now(), createIfMissing: true });
  const hosts = [EVENT_HUB, SEGMENT, ...(wish.hosts ?? [])];
  const vendor = await startStandInVendor(vendorAuthority, hosts, wish.answer);
  const certs = join(folder, "certs");
  const data = join(folder, "data");
  mkdirSync(data);
  const rules = wish.policy === undefined ? undefined : changedRules(folder, wish.policy);
  const settingsFile = join(folder, "egress-proxy.yaml");
  // JSON is YAML, so what a test writes is what people write.
  const settings = {
    certs,
    data,
    ...(rules === undefined ? {} : { rules }),
    listen: { proxy: "127.0.0.1:0", metrics: "127.0.0.1:0", console: "off" },
    upstream: {
      ca: [join(vendorCa, "ca.crt")],
      connect_to: [...hosts.map((host) => `${host}:443:127.0.0.1:${vendor.port}`), ...(wish.connectTo ?? [])],
    },
    log: { level: "error" },
  };
  writeFileSync(settingsFile, JSON.stringify(merged(settings, wish.settings ?? {})));
  return {
    folder,
    certs,
    data,
    rules,
    settingsFile,
    vendor,
    vendorAuthority,
    settings: () => loadSettings({ file: settingsFile, env: {}, flags: [] }),
    async remove() {
      await vendor.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Every record of a data folder, newest first, read as the command line reads it: beside a proxy that may run. */
export async function recordsOf(data: string): Promise<readonly DeskRecord[]> {
  const archive = await openRecordArchive(data, undefined);
  try {
    const all: DeskRecord[] = [];
    for await (const record of archive.reader.exportAll({})) all.push(record);
    return all;
  } finally {
    await archive.close();
  }
}

/** The demo's requests, which are what Diffgram's code sends. */
export function traffic(): PlayedRequest[] {
  return readTraffic(join(packageRoot(), "demo", "traffic"), new Date());
}

/** One of them, by its name's beginning. */
export function played(name: string): PlayedRequest {
  const found = traffic().find((request) => request.name.startsWith(name));
  if (found === undefined) throw new Error(`demo/traffic has no ${name}.`);
  return found;
}

/** The request as bytes; `fields` replace or, where undefined, remove what the file has. */
export function wireBytes(
  request: PlayedRequest,
  fields: Readonly<Record<string, string | undefined>> = {},
  body: Buffer = request.body,
): Buffer {
  const all = { ...request.headers, "Content-Length": String(body.length), ...fields };
  const lines = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${value}\r\n`]));
  return Buffer.concat([Buffer.from(`${request.method} ${request.path} HTTP/1.1\r\n${lines.join("")}\r\n`), body]);
}

function changedRules(folder: string, change: (text: string) => string): string {
  const rules = join(folder, "rules");
  cpSync(join(packageRoot(), "rules"), rules, { recursive: true, dereference: true });
  const file = join(rules, "policy.yaml");
  const before = readFileSync(file, "utf8");
  const after = change(before);
  if (after === before) throw new Error("The test's change of the policy changed nothing.");
  writeFileSync(file, after);
  return rules;
}

type Sections = Readonly<Record<string, unknown>>;

function merged(base: Sections, over: Sections): Sections {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = result[key];
    result[key] = isSection(before) && isSection(value) ? merged(before, value) : value;
  }
  return result;
}

function isSection(value: unknown): value is Sections {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
