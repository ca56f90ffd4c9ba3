import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../../app/egress-proxy.js", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real command to its end; one that does not end is ended, and its code is null. */
export function runCli(...args: readonly string[]): Promise<Finished> {
  return runCliWith("", ...args);
}

/** The same with something on its standard input. */
export function runCliWith(input: string, ...args: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [CLI, ...args],
      { env: cleanEnvironment(), maxBuffer: 1 << 26, timeout: 30_000 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
        resolve({ code, stdout, stderr });
      },
    );
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

/** The real `egress-proxy run` as a process of its own. */
export interface ProxyProcess {
  readonly pid: number;
  readonly port: number;
  readonly metricsPort: number;
  readonly exited: Promise<Finished & { readonly signal: NodeJS.Signals | null }>;
  kill(signal: NodeJS.Signals): void;
  /** What it wrote so far. */
  written(): string;
  /** Closes the pipes that its greeting and its log go into, as a collector that ends does. */
  stopReading(): void;
}

/** @throws Error with what it wrote, where it does not come up */
export async function spawnProxy(settingsFile: string, ...more: readonly string[]): Promise<ProxyProcess> {
  const child = spawn(process.execPath, [CLI, "run", "--config", settingsFile, ...more], {
    env: cleanEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (piece: Buffer) => {
    stdout += piece.toString();
  });
  child.stderr.on("data", (piece: Buffer) => {
    stderr += piece.toString();
  });
  const exited = new Promise<Finished & { readonly signal: NodeJS.Signals | null }>((resolve) =>
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr })),
  );
  while (!/^ {2}records /m.test(stdout)) {
    const over = await Promise.race([exited, once(child.stdout, "data").then(() => undefined)]);
    if (over !== undefined) throw new Error(`The proxy did not start: ${stderr}`);
  }
  return {
    pid: child.pid ?? 0,
    port: portAfter("proxy", stdout),
    metricsPort: portAfter("metrics", stdout),
    exited,
    kill: (signal) => void child.kill(signal),
    written: () => stdout + stderr,
    stopReading: () => {
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
}

function portAfter(word: string, text: string): number {
  return Number(new RegExp(String.raw`^ {2}${word} .*?:(\d+) `, "m").exec(text)?.[1]);
}

/** Without the variables that would be settings of the proxy under test. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("EGRESS_PROXY_")));
}
