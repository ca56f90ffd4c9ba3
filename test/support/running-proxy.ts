import { get } from "node:http";
import type { TestContext } from "node:test";
import { z } from "zod";
import type { PlayedRequest } from "../../src/cli/demo/played-request.js";
import { type RunningProxy, startProxy } from "../../src/main.js";
import type { DeskRecord } from "../../src/model/record-desk.js";
import { type Installation, type InstallationWish, prepareInstallation, recordsOf, wireBytes } from "./installation.js";
import { openTunnel, type TunnelOptions, type Wire, type WireAnswer } from "./wire.js";

const PROBLEM = z.strictObject({
  type: z.string(),
  title: z.string(),
  status: z.literal(403).or(z.literal(502)).or(z.literal(504)),
  detail: z.string(),
  instance: z.string().optional(),
  code: z.string(),
  message: z.string(),
  record: z.uuid().nullable(),
  case: z.string(),
  findings: z.array(z.strictObject({ rule: z.string(), pointer: z.string() })),
});

export type ToldProblem = z.output<typeof PROBLEM>;

/** The proxy in this process, with its vendor, and what tests do with both. */
export interface Stage {
  readonly installation: Installation;
  readonly proxy: RunningProxy;
  readonly port: number;
  tunnel(to: string, options?: Partial<TunnelOptions>): Promise<Wire>;
  /** One request on a tunnel of its own. */
  post(request: PlayedRequest, bytes?: Buffer): Promise<WireAnswer>;
  records(): Promise<readonly DeskRecord[]>;
  metrics(): Promise<Metrics>;
  close(): Promise<void>;
}

export async function raiseStage(wish: InstallationWish = {}): Promise<Stage> {
  const installation = await prepareInstallation(wish);
  const proxy = await startProxy(installation.settings(), wish.resolve === undefined ? {} : { resolve: wish.resolve });
  const port = proxy.addresses.proxy?.port ?? 0;
  const tunnel: Stage["tunnel"] = (to, options = {}) => openTunnel({ port, to: `${to}:443`, ca: proxy.caPem, ...options });
  return {
    installation,
    proxy,
    port,
    tunnel,
    async post(request, bytes = wireBytes(request)) {
      const wire = await tunnel(request.host);
      try {
        return await wire.send(bytes).answer();
      } finally {
        wire.close();
      }
    },
    records: () => recordsOf(installation.data),
    metrics: () => scrape(proxy.addresses.metrics?.port ?? 0),
    async close() {
      await proxy.close();
      await installation.remove();
    },
  };
}

/** A stage for one test. */
export async function stageFor(context: TestContext, wish: InstallationWish = {}): Promise<Stage> {
  const stage = await raiseStage(wish);
  context.after(() => stage.close());
  return stage;
}

/** A refusal or an upstream fault, held to its contract. @throws where it is no such answer */
export function problemOf(answer: WireAnswer): ToldProblem {
  if (answer.headers.get("content-type") !== "application/problem+json")
    throw new Error(`${answer.status} is no problem: ${answer.body.toString("latin1")}`);
  return PROBLEM.parse(JSON.parse(answer.body.toString("utf8")));
}

/** `/metrics` as text and by series. */
export interface Metrics {
  readonly text: string;
  /** The value of a series, spelled as it stands there: `egress_limited_total{case="support"}`; undefined where it is not there. */
  value(series: string): number | undefined;
}

export async function scrape(port: number): Promise<Metrics> {
  // A connection each, as a kept one may be closed by the other side just as it is used again.
  const text = await new Promise<string>((resolve, reject) => {
    get({ host: "127.0.0.1", port, path: "/metrics", agent: false }, (answer) => {
      let body = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => (body += piece));
      answer.on("error", reject);
      answer.on("end", () => resolve(body));
    }).on("error", reject);
  });
  const values = new Map(
    text.split("\n").map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );
  return { text, value: (series) => values.get(series) };
}

/** Asks until it holds; gives up after ten seconds, long past what it takes, since no test is about time. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 10_000;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`It never came to be: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
