import { Agent, request } from "node:http";
import { Directory } from "../../../src/console/access/directory.js";
import { type Dice } from "../../../test/fuzz/mutations.js";
import { raiseStage, type Stage } from "../../../test/support/running-proxy.js";
import { played } from "../../../test/support/installation.js";
import { mutated } from "./mutator.js";
import { words } from "./target.js";

const SCRIPT = "<script>alert(1)</script>";
const WORDS = [
  ...words(
    "/api/v1/transfers /api/v1/inventory /api/v1/report /api/v1/openapi.json /transfers /incidents /policy /account ? & = case= rule= status= since= until= text= limit= cursor= incident= transferred= due= format= %00 %ff %2e%2e / .. ' OR 1=1 -- ; \" 1e999 -1 9007199254740993 open confirmed pii pii/email event-collection 2026-11-01 30d json csv",
  ),
  Buffer.from(encodeURIComponent(SCRIPT)),
];
const BODY_WORDS = words(
  '{ } [ ] "status" "why" "confirmed" "reported" "dismissed" "from" "open" "until" null 1e999 "" : , \\u0000 "__proto__"',
);
const METHODS = ["GET", "GET", "GET", "PATCH", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"];
const TYPES = ["application/json", "application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data"];
const ACCEPTS = ["application/json", "text/csv", "application/x-ndjson", "*/*", "text/html", "image/*;q=0"];

/** The console with a record in it, and a token that may do everything. */
export interface ApiTarget {
  readonly stage: Stage;
  /** One hostile request. @throws where the answer is a fault of ours, or repeats markup */
  attack(dice: Dice, note: (bytes: Buffer) => void): Promise<void>;
  close(): Promise<void>;
}

export async function openApi(): Promise<ApiTarget> {
  const stage = await raiseStage({ settings: { listen: { console: "127.0.0.1:0" } } });
  for (const name of ["udt-identify", "udt-track-email"]) await stage.post(played(name));
  const record = (await stage.records())[0]?.id ?? "";
  const made = new Directory(stage.installation.data, { now: () => Date.now() }).addToken(
    "fuzz",
    ["transfers:read", "transfers:write", "report:read", "inventory:write"],
    "fuzz",
    1,
  );
  if (!made.ok) throw new Error(made.why);
  const token = made.result;
  const port = stage.proxy.addresses.console?.port ?? 0;
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const seeds = [
    "/api/v1/transfers?limit=10&status=open",
    `/api/v1/transfers/${record}`,
    `/api/v1/transfers/${record}/notice`,
    "/api/v1/transfers?case=event-collection&rule=pii/email&since=30d&text=segment",
    "/api/v1/inventory?limit=5",
    "/api/v1/report?since=30d&format=json",
    "/api/v1/openapi.json",
    `/transfers/${record}`,
  ].map((path) => Buffer.from(path));
  const bodies = ['{"status":"confirmed","why":"because"}', '{"why":"because"}', "{}"].map((body) => Buffer.from(body));
  return {
    stage,
    async attack(dice, note) {
      const pick = <T>(items: readonly T[]): T | undefined => items[dice.below(items.length)];
      const method = pick(METHODS) ?? "GET";
      // What Node's own client would refuse to send never reaches anyone.
      const path = mutated(pick(seeds) ?? Buffer.alloc(0), dice, WORDS, pick(seeds) ?? Buffer.alloc(0))
        .toString("latin1")
        .replaceAll(/[^!-~]/g, "")
        .replace(/^(?!\/)/, "/");
      const body =
        method === "GET" || method === "HEAD"
          ? Buffer.alloc(0)
          : mutated(pick(bodies) ?? Buffer.alloc(0), dice, BODY_WORDS, Buffer.alloc(0));
      note(Buffer.concat([Buffer.from(`${method} ${path}\n`), body]));
      const headers: Record<string, string | number> = {
        "content-length": body.length,
        "content-type": pick(TYPES) ?? "",
        accept: pick(ACCEPTS) ?? "",
      };
      if (dice.below(8) > 0) headers["authorization"] = `Bearer ${dice.below(20) === 0 ? token.slice(1) : token}`;
      if (dice.below(10) === 0) headers["if-match"] = pick(['"x"', "*", 'W/"', ","]) ?? "";
      const { status, type, text } = await exchange({ port, agent, method, path, headers }, body);
      if (status >= 500) throw new Error(`The API answered ${status}.`);
      // In a problem's JSON the name of a parameter may stand as it was sent: no browser sniffs it.
      if (type.startsWith("text/html") && text.includes(SCRIPT)) throw new Error("An answer repeats markup.");
      if (/\bat .*\(?(file:|node:|\/).*:\d+:\d+/.test(text)) throw new Error("An answer shows a stack.");
    },
    async close() {
      agent.destroy();
      await stage.close();
    },
  };
}

interface Asked {
  readonly port: number;
  readonly agent: Agent;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | number>>;
}

function exchange(asked: Asked, body: Buffer): Promise<{ readonly status: number; readonly type: string; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", ...asked }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (piece: string) => (text += piece));
      answer.on("error", reject);
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, type: answer.headers["content-type"] ?? "", text }));
    });
    // A connection that ended while it was used again is no answer and no fault.
    sent.on("error", () => resolve({ status: 0, type: "", text: "" }));
    sent.end(body);
  });
}
