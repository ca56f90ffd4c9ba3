import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { audit, type AuditResult } from "../../src/audit/audit.js";
import type { AuditFinding, AuditKind } from "../../src/audit/finding.js";
import { readPolicyView } from "../../src/audit/policy-view.js";

/** The folder of the sources, from wherever this file was compiled to: tests are run from it. */
export function root(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); dirname(folder) !== folder; folder = dirname(folder)) {
    if (existsSync(join(folder, "test/audit/fixtures/diffgram"))) return folder;
  }
  return process.cwd();
}

export interface Copy {
  readonly path: string;
  /** Replaces text that must be there. */
  edit(file: string, from: string, to: string): Promise<void>;
  write(file: string, content: string | Uint8Array): Promise<void>;
  move(from: string, to: string): Promise<void>;
  remove(): Promise<void>;
}

/** A copy of the fixture, with its TypeScript under its true name: the compiler of this project must not read it. */
export async function copyCheckout(): Promise<Copy> {
  const path = await mkdtemp(join(tmpdir(), "audit-"));
  await cp(join(root(), "test/audit/fixtures/diffgram"), path, { recursive: true });
  for (const name of await readdir(path, { recursive: true })) {
    if (name.endsWith(".fixture")) await rename(join(path, name), join(path, name.slice(0, -".fixture".length)));
  }
  return {
    path,
    async edit(file, from, to) {
      const text = await readFile(join(path, file), "utf8");
      if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`);
      await writeFile(join(path, file), text.replaceAll(from, to));
    },
    async write(file, content) {
      await mkdir(dirname(join(path, file)), { recursive: true });
      await writeFile(join(path, file), content);
    },
    async move(from, to) {
      await cp(join(path, from), join(path, to), { recursive: true });
      await rm(join(path, from), { recursive: true });
    },
    remove: () => rm(path, { recursive: true, force: true }),
  };
}

export async function auditOf(path: string): Promise<AuditResult> {
  return audit(path, { policy: await readPolicyView(join(root(), "rules")), rulesName: "rules", linkBase: "" });
}

export function of(result: { readonly findings: readonly AuditFinding[] }, kind: AuditKind): readonly AuditFinding[] {
  return result.findings.filter((one) => one.kind === kind);
}

export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the command as a user does, in a process of its own. */
export function command(args: readonly string[]): Promise<Ran> {
  const entry = join(dirname(fileURLToPath(import.meta.url)), "command-entry.js");
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [entry, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      err += text;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ code, out, err });
    });
  });
}
