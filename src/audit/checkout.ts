import { lstat, open, readdir, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import type { SkippedFile } from "./finding.js";

/** A file is read whole or not at all: source files of this size are generated or data. */
export const MAX_FILE_BYTES = 1024 * 1024;
/** More text than this is no Diffgram checkout; what follows is named as skipped, so that memory stays bounded. */
export const MAX_TOTAL_BYTES = 192 * 1024 * 1024;
const MAX_FILES = 60_000;

/** Folders that hold no source of the product: version control, installed packages, build output. */
const NOT_SOURCE = new Set([".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv", "venv", ".tox", ".mypy_cache", ".pytest_cache"]);
/** Folders whose code runs on a developer's machine and is never deployed. */
const TEST_FOLDERS = new Set(["test", "tests", "__tests__", "testing", "cypress", "e2e", "__mocks__"]);

export type SourceKind = "python" | "script" | "vue" | "html" | "manifest" | "compose" | "environment";

export interface CheckoutFile {
  readonly path: string;
  readonly kind: SourceKind;
  readonly text: string;
}

export interface Checkout {
  readonly root: string;
  readonly files: readonly CheckoutFile[];
  readonly skipped: readonly SkippedFile[];
  /** Bytes of text that were read. */
  readonly bytes: number;
}

/** Which reader a file belongs to, by its name alone; undefined: the audit does not read it. */
export function sourceKind(path: string): SourceKind | undefined {
  const segments = path.split("/");
  const name = (segments.at(-1) ?? "").toLowerCase();
  if (name.endsWith(".py")) return "python";
  if (/\.(?:vue)$/.test(name)) return "vue";
  if (/\.(?:html?|htm|ejs)$/.test(name)) return "html";
  if (/^(?:dockerfile|containerfile)(?:[.\-_].*)?$|\.dockerfile$/.test(name)) return "manifest";
  if (/^(?:requirements|constraints).*\.(?:txt|in)$/.test(name)) return "manifest";
  if (/^(?:package\.json|pipfile|pyproject\.toml|setup\.py|setup\.cfg|newrelic\.ini|chart\.yaml|environment\.ya?ml)$/.test(name))
    return "manifest";
  if (/\.(?:[cm]?[jt]sx?)$/.test(name)) return /\.(?:min|bundle)\.js$/.test(name) ? undefined : "script";
  if (/\.(?:ya?ml|tpl)$/.test(name)) return "compose";
  if (/^\.env(?:\..*)?$|\.env$/.test(name)) return "environment";
  if (/^(?:entrypoint|start|run).*\.sh$/.test(name)) return "manifest";
  return undefined;
}

/** Whether a path lies in a folder of tests, or is one by its name. */
export function isTestPath(path: string): boolean {
  const segments = path.split("/");
  const name = segments.at(-1) ?? "";
  return (
    segments.slice(0, -1).some((segment) => TEST_FOLDERS.has(segment.toLowerCase())) ||
    /^(?:test_.*|.*_test|conftest)\.py$|\.(?:spec|test|stories)\.[cm]?[jt]sx?$/.test(name)
  );
}

/**
 * Reads every file below `root` that the audit knows a reader for. Runs nothing of it. Symbolic links that leave the tree are named and
 * not followed; those inside it are passed by, since their target is read anyway.
 */
export async function readCheckout(root: string): Promise<Checkout> {
  const top = await realpath(root);
  const files: CheckoutFile[] = [];
  const skipped: SkippedFile[] = [];
  let bytes = 0;
  const skip = (file: string, why: string): void => {
    skipped.push({ file, line: 1, why });
  };
  const folders = [""];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const entries = await readdir(join(top, folder), { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) {
      skip(folder === "" ? "." : folder, "The folder can't be opened.");
      continue;
    }
    entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!NOT_SOURCE.has(entry.name)) folders.push(path);
        continue;
      }
      if (entry.isSymbolicLink()) {
        const target = await realpath(join(top, path)).catch(() => undefined);
        if (target === undefined) {
          if (sourceKind(path) !== undefined) skip(path, "The symbolic link leads nowhere.");
        } else if (target !== top && !target.startsWith(top + sep))
          skip(path, "The symbolic link leads out of the checkout and is not followed.");
        continue;
      }
      const kind = sourceKind(path);
      if (kind === undefined) continue;
      if (!entry.isFile()) {
        skip(path, "It is no regular file.");
        continue;
      }
      if (files.length >= MAX_FILES || bytes > MAX_TOTAL_BYTES) {
        skip(path, "The checkout is larger than the audit reads.");
        continue;
      }
      const read = await readText(join(top, path));
      if ("why" in read) skip(path, read.why);
      else {
        bytes += read.size;
        files.push({ path, kind, text: read.text });
      }
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { root: top, files, skipped, bytes };
}

/** UTF-8 text of a file, or why it is none. A byte order mark is dropped (PEP 263). */
async function readText(path: string): Promise<{ readonly text: string; readonly size: number } | { readonly why: string }> {
  const before = await lstat(path).catch(() => undefined);
  if (before === undefined) return { why: "The file can't be opened." };
  if (before.size > MAX_FILE_BYTES) return { why: `The file is huge: ${before.size} bytes, where ${MAX_FILE_BYTES} are read.` };
  const handle = await open(path, "r").catch(() => undefined);
  if (handle === undefined) return { why: "The file can't be opened (permissions)." };
  try {
    // One byte more than it had, so that growth shows.
    const buffer = Buffer.allocUnsafe(before.size + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, length);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) break;
    }
    if (length > before.size) return { why: "The file grew while it was read." };
    const content = buffer.subarray(0, length);
    if (content.includes(0)) return { why: "The file is binary: it holds a NUL byte." };
    try {
      return { text: new TextDecoder("utf-8", { fatal: true }).decode(content), size: length };
    } catch {
      return { why: "The file is not UTF-8 text." };
    }
  } catch {
    return { why: "The file can't be read." };
  } finally {
    await handle.close();
  }
}
