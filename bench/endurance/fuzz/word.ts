import { createHash } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** What a fuzzing process tells the one that watches it, every second or so; silence is a hang. */
export const word = z.strictObject({
  /** Inputs given to one function of the product, in the same process. */
  inputs: z.number(),
  /** Requests sent to a real proxy over sockets. */
  requests: z.number(),
  delivered: z.number(),
  blocks: z.number(),
  /** By how much more was kept in memory at a turn's end than after its first quarter, MiB; a turn's last word only. */
  grownMib: z.number().optional(),
  /** By kind, for the table. */
  kinds: z.record(z.string(), z.number()),
});
export type Word = z.output<typeof word>;

/** What a turn is told. */
export const order = z.strictObject({ seconds: z.number(), seed: z.number(), folder: z.string(), only: z.string().optional() });
export type Order = z.output<typeof order>;

const MOST_OF_A_KIND = 10;

/** An input that broke something, kept as a file of its own. Its bytes are of this fuzzer's making: no secret of anyone's. */
export function keepFinding(folder: string, target: string, what: string, input: Buffer, seed: number): void {
  const findings = join(folder, "findings");
  mkdirSync(findings, { recursive: true });
  const kind = createHash("sha256")
    .update(`${target} ${what.replaceAll(/\d+/g, "0")}`)
    .digest("hex")
    .slice(0, 8);
  if (readdirSync(findings).filter((name) => name.startsWith(kind)).length >= MOST_OF_A_KIND) return;
  const name = `${kind}-${createHash("sha256").update(input).digest("hex").slice(0, 8)}.json`;
  const finding = {
    target,
    what,
    seed,
    at: new Date().toISOString(),
    text: input.toString("latin1").slice(0, 2_000),
    input: input.toString("base64"),
  };
  writeFileSync(join(findings, name), `${JSON.stringify(finding, undefined, 1)}\n`);
}

export function findingsIn(folder: string): string[] {
  const findings = join(folder, "findings");
  return existsSync(findings) ? readdirSync(findings).sort() : [];
}

/** The input that is being tried, in a file, so that it is known where it hangs or brings the process down. */
export class BlackBox {
  readonly #handle: number;

  constructor(file: string) {
    this.#handle = openSync(file, "w");
  }

  note(target: string, input: Buffer): void {
    const head = Buffer.from(`${target} ${input.length}\n`);
    writeSync(this.#handle, Buffer.concat([head, input]), 0, head.length + input.length, 0);
  }

  close(): void {
    closeSync(this.#handle);
  }

  static read(file: string): { readonly target: string; readonly input: Buffer } | undefined {
    if (!existsSync(file)) return undefined;
    const bytes = readFileSync(file);
    const end = bytes.indexOf("\n");
    const [target = "", length = "0"] = bytes.toString("latin1", 0, Math.max(0, end)).split(" ");
    return { target, input: bytes.subarray(end + 1, end + 1 + Number(length)) };
  }
}
