import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { CHART } from "./tools.js";
import { freePort } from "../support/free-port.js";

export const RULES = join(CHART, "files", "rules.prometheus.yaml");
export const DASHBOARD = join(CHART, "files", "dashboard.json");

const SAMPLE = z.tuple([z.number(), z.string()]);
const SERIES = z.looseObject({
  metric: z.record(z.string(), z.string()),
  value: SAMPLE.optional(),
  values: z.array(SAMPLE).optional(),
});
const ANSWER = z.looseObject({ status: z.literal("success"), data: z.looseObject({ result: z.array(SERIES) }) });
const RULE = z.looseObject({
  name: z.string(),
  type: z.string(),
  health: z.string(),
  state: z.string().optional(),
  lastError: z.string().optional(),
});
const RULES_ANSWER = z.looseObject({ data: z.looseObject({ groups: z.array(z.looseObject({ rules: z.array(RULE) })) }) });

export type Series = z.output<typeof SERIES>;

/** A real Prometheus of Debian's, that scrapes one proxy every second and evaluates the shipped rules. */
export class Prometheus {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #url: string;

  private constructor(child: ChildProcess, folder: string, url: string) {
    this.#child = child;
    this.#folder = folder;
    this.#url = url;
  }

  /** @throws Error with what Prometheus wrote, where it does not come up */
  static async start(metricsPort: number): Promise<Prometheus> {
    const folder = mkdtempSync(join(tmpdir(), "egress-prometheus-"));
    // The same rules at a pace that a test can wait for.
    writeFileSync(join(folder, "rules.yaml"), readFileSync(RULES, "utf8").replace("interval: 30s", "interval: 1s"));
    const config = {
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: ["rules.yaml"],
      scrape_configs: [
        { job_name: "diffgram-egress-proxy", static_configs: [{ targets: [`127.0.0.1:${metricsPort}`], labels: { namespace: "egress" } }] },
      ],
    };
    writeFileSync(join(folder, "prometheus.yml"), JSON.stringify(config));
    const port = await freePort();
    const listen = `127.0.0.1:${port}`;
    const args = [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=${listen}`,
      "--log.level=warn",
    ];
    const child = spawn(process.env["PROMETHEUS"] ?? "prometheus", args, { stdio: ["ignore", "pipe", "pipe"] });
    let written = "";
    child.stderr.on("data", (piece: Buffer) => {
      written += piece.toString();
    });
    const prometheus = new Prometheus(child, folder, `http://${listen}`);
    for (let tries = 0; ; tries += 1) {
      if (await prometheus.#ready()) return prometheus;
      if (tries > 150 || child.exitCode !== null) {
        await prometheus.close();
        throw new Error(`Prometheus does not come up: ${written}`);
      }
      await pause(200);
    }
  }

  /** What the expression is now. @throws Error with Prometheus' own words, where it is none */
  async now(expression: string): Promise<readonly Series[]> {
    return this.#ask("query", { query: expression });
  }

  /** What it was over the last seconds, a value a second. */
  async overTime(expression: string, seconds: number): Promise<readonly Series[]> {
    const end = Date.now() / 1_000;
    return this.#ask("query_range", { query: expression, start: String(end - seconds), end: String(end), step: "1" });
  }

  async rules(): Promise<readonly z.output<typeof RULE>[]> {
    const answer = RULES_ANSWER.parse(await (await fetch(`${this.#url}/api/v1/rules`)).json());
    return answer.data.groups.flatMap((group) => group.rules);
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null) {
      const ended = new Promise((resolve) => this.#child.once("exit", resolve));
      this.#child.kill("SIGTERM");
      await ended;
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #ask(path: string, parameters: Readonly<Record<string, string>>): Promise<readonly Series[]> {
    const text = await (await fetch(`${this.#url}/api/v1/${path}?${new URLSearchParams(parameters).toString()}`)).text();
    const answer = ANSWER.safeParse(JSON.parse(text));
    if (!answer.success) throw new Error(`${parameters["query"] ?? ""}: ${text}`);
    return answer.data.data.result;
  }

  async #ready(): Promise<boolean> {
    try {
      return (await fetch(`${this.#url}/-/ready`)).status === 200;
    } catch {
      return false;
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
