import { request } from "node:http";
import type { TestContext } from "node:test";
import { judgePayload, policyInForce } from "../../src/desk.js";
import { readBody } from "../../src/body/read-body.js";
import { loadSettings } from "../../src/config/settings.js";
import { Directory } from "../../src/console/access/directory.js";
import type { Role } from "../../src/console/access/roles.js";
import type { ConsolePorts, ConsoleSettings, RunningConsole } from "../../src/console/server.js";
import { startConsole } from "../../src/console/server.js";
import { loadRules } from "../../src/rules-in-force.js";
import type { Clock } from "../../src/model/ports.js";
import { passingKey } from "../../src/record/passing-key.js";
import type { RecordStore } from "../../src/record/record-store.js";
import { folder, listener, opened } from "../record/sample.js";

export interface Desk {
  readonly console: RunningConsole;
  readonly ports: ConsolePorts;
  readonly store: RecordStore;
  readonly directory: Directory;
  readonly clock: Clock & { time: number };
  readonly dataDir: string;
  readonly log: ReturnType<typeof listener>;
  /** A browser that nobody is signed in with. */
  browser(): Browser;
  /** A browser of a new user of this role. */
  signedIn(role: Role): Promise<Browser>;
  token(...scopes: Parameters<Directory["addToken"]>[1]): string;
}

/** As an installation has one. */
const KEY = Buffer.alloc(32, 7);

let rules: ReturnType<typeof loadRules> | undefined;

/** The rules that the package ships, compiled once a test file. */
function shipped(): Parameters<typeof judgePayload>[0] {
  rules ??= loadRules(loadSettings({ env: {}, flags: [] }), passingKey());
  const { inspector, index } = rules;
  return { ...rules, inspect: ({ body, head, context }) => inspector.inspect(readBody(body, head, index.policy.limits), context) };
}

/** A real console over HTTP on a real SQLite record. */
export async function openDesk(
  context: TestContext,
  over: { readonly settings?: Partial<ConsoleSettings>; readonly ports?: Partial<ConsolePorts> } = {},
): Promise<Desk> {
  const dataDir = folder(context);
  const log = listener();
  const clock = { time: Date.now(), now: () => clock.time };
  const store = await opened(context, { dataDir, logger: log });
  const inForce = shipped();
  const settings: ConsoleSettings = {
    listen: { host: "127.0.0.1", port: 0 },
    dataDir,
    tls: undefined,
    trustedProxies: [],
    publicUrl: undefined,
    oidc: undefined,
    localUsers: true,
    ...over.settings,
  };
  const ports: ConsolePorts = {
    desk: store,
    memory: store.memory,
    key: KEY,
    policy: () => policyInForce(inForce),
    inspect: (asked) => judgePayload(inForce, asked, Date.now()),
    health: () => Promise.resolve({ status: "ok", checks: { proxy: { ok: true }, ca: { ok: true } } }),
    clock,
    logger: log,
    ...over.ports,
  };
  const console = await startConsole(settings, ports);
  context.after(() => console.close());
  const directory = new Directory(dataDir, clock);
  const { port } = console.address;
  let users = 0;
  return {
    console,
    ports,
    store,
    directory,
    clock,
    dataDir,
    log,
    browser: () => new Browser(port),
    async signedIn(role) {
      const name = `${role}-${(users += 1)}`;
      const made = await directory.addUser(name, role);
      if (!made.ok) throw new Error(made.why);
      const browser = new Browser(port);
      const answer = await browser.signIn(name, made.result);
      if (answer.status !== 303) throw new Error(`Sign-in answered ${answer.status}.`);
      return browser;
    },
    token(...scopes) {
      const made = directory.addToken("test", scopes, "test", 1);
      if (!made.ok) throw new Error(made.why);
      return made.result;
    },
  };
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** Keeps cookies and sends what a browser sends; a test can lie in any header. */
export class Browser {
  readonly port: number;
  readonly cookies = new Map<string, string>();

  constructor(port: number) {
    this.port = port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send("GET", path, undefined, headers);
  }

  /** Sends a form from a page of the console: with the CSRF token that its pages carry. */
  async post(path: string, fields: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const csrf = await this.csrf();
    return this.form(path, { ...(csrf === undefined ? {} : { csrf }), ...fields }, headers);
  }

  /** Sends a form with these fields only. */
  form(
    path: string,
    fields: Readonly<Record<string, string>> | URLSearchParams,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const body = new URLSearchParams(fields).toString();
    return this.send("POST", path, body, { "content-type": "application/x-www-form-urlencoded", origin: this.origin, ...headers });
  }

  async csrf(): Promise<string | undefined> {
    return /name="csrf" value="([^"]+)"/.exec((await this.get("/account")).text)?.[1];
  }

  async signIn(
    name: string,
    password: string,
    more: Readonly<Record<string, string>> = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const form = /name="form" value="([^"]+)"/.exec((await this.get("/sign-in", headers)).text)?.[1] ?? "";
    return this.form("/sign-in", { form, name, password, ...more }, headers);
  }

  /** POSTs a body and gives the answer's bytes as they came. */
  async bytes(path: string, body: string, headers: Readonly<Record<string, string>>): Promise<Buffer> {
    return (await this.#exchange("POST", path, body, headers)).bytes;
  }

  async send(method: string, path: string, body: string | undefined, headers: Readonly<Record<string, string>>): Promise<Answer> {
    const { bytes, ...answer } = await this.#exchange(method, path, body, headers);
    return { ...answer, text: bytes.toString("utf8") };
  }

  #exchange(
    method: string,
    path: string,
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<Omit<Answer, "text"> & { readonly bytes: Buffer }> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    return new Promise((resolve, reject) => {
      const sent = request(
        { host: "127.0.0.1", port: this.port, method, path, headers: { ...(cookie === "" ? {} : { cookie }), ...headers }, agent: false },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            for (const set of response.headers["set-cookie"] ?? []) this.#keep(set);
            resolve({ status: response.statusCode ?? 0, headers: response.headers, bytes: Buffer.concat(chunks) });
          });
        },
      );
      sent.on("error", reject);
      sent.end(body);
    });
  }

  #keep(set: string): void {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
    if (name === undefined || value === undefined) return;
    if (/max-age=0/i.test(set)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
