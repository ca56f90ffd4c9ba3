import type { CheckoutFile } from "../checkout.js";
import type { Place, SkippedFile } from "../finding.js";
import { parsePython } from "./parser.js";
import type { Stmt } from "./tree.js";
import type { ModuleInfo } from "./value.js";

/** Packages of Python's ecosystem that send; a module of the checkout never stands in for them unless it lies beside the importer. */
const KNOWN_PACKAGES = new Set([
  "analytics",
  "segment",
  "requests",
  "httpx",
  "urllib",
  "urllib3",
  "aiohttp",
  "http",
  "stripe",
  "flask",
  "json",
  "os",
  "datetime",
  "time",
  "boto3",
  "copy",
  "threading",
  "traceback",
]);

/** All modules of a checkout, and how a dotted name leads to one. */
export class Program {
  readonly modules: readonly ModuleInfo[];
  readonly broken: readonly SkippedFile[];
  readonly #byPath = new Map<string, ModuleInfo>();
  readonly #topFolders: readonly string[];
  /** Each module asks for the same few names again and again: once for every name that a star import may give. */
  readonly #found = new Map<ModuleInfo, Map<string, ModuleInfo | undefined>>();

  constructor(files: readonly CheckoutFile[]) {
    const modules: ModuleInfo[] = [];
    const broken: SkippedFile[] = [];
    for (const file of files) {
      if (file.kind !== "python") continue;
      const lineStarts = lineStartsOf(file.text);
      const parsed = parsePython(file.text);
      if ("brokenAt" in parsed) {
        const line = lineAt(lineStarts, parsed.brokenAt);
        broken.push({ file: file.path, line, why: `The file is no valid Python: it breaks at line ${line}.` });
        continue;
      }
      const module: ModuleInfo = {
        path: file.path,
        body: parsed.body,
        lineStarts,
        globals: new Map(),
        stars: starsOf(parsed.body),
        state: "new",
      };
      modules.push(module);
      this.#byPath.set(file.path, module);
    }
    this.modules = modules;
    this.broken = broken;
    const tops = new Set<string>();
    for (const { path } of modules) {
      const slash = path.indexOf("/");
      if (slash > 0) tops.add(path.slice(0, slash));
    }
    this.#topFolders = [...tops].sort();
  }

  /** The module that `name` means in `importer` (`a.b.c`, or `..b` relative to it); undefined where it is not of the checkout. */
  find(name: string, importer: ModuleInfo): ModuleInfo | undefined {
    const known = this.#found.get(importer) ?? new Map<string, ModuleInfo | undefined>();
    this.#found.set(importer, known);
    if (known.has(name)) return known.get(name);
    const found = this.#search(name, importer);
    known.set(name, found);
    return found;
  }

  #search(name: string, importer: ModuleInfo): ModuleInfo | undefined {
    const folders = importer.path.split("/").slice(0, -1);
    const dots = /^\.*/.exec(name)?.[0].length ?? 0;
    const tail = name.slice(dots).split(".").join("/");
    if (dots > 0) return this.#at([...folders.slice(0, folders.length - dots + 1), ...(tail === "" ? [] : [tail])].join("/"));
    for (let depth = folders.length; depth >= 0; depth -= 1) {
      const found = this.#at([...folders.slice(0, depth), tail].join("/"));
      if (found !== undefined && found !== importer) return found;
    }
    if (KNOWN_PACKAGES.has(name.split(".")[0] ?? "")) return undefined;
    for (const top of this.#topFolders) {
      const found = this.#at(`${top}/${tail}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Whether a dotted name is a folder of modules, seen from `importer`. */
  isPackage(name: string, importer: ModuleInfo): boolean {
    const folders = importer.path.split("/").slice(0, -1);
    const tail = `${name.replace(/^\.+/, "").split(".").join("/")}/`;
    const roots = [...folders.map((_, index) => folders.slice(0, index + 1).join("/")), "", ...this.#topFolders];
    return this.modules.some(({ path }) => roots.some((root) => path.startsWith(root === "" ? tail : `${root}/${tail}`)));
  }

  #at(path: string): ModuleInfo | undefined {
    return this.#byPath.get(`${path}.py`) ?? this.#byPath.get(path === "" ? "__init__.py" : `${path}/__init__.py`);
  }
}

export function placeOf(module: ModuleInfo, at: number): Place {
  return { file: module.path, line: lineAt(module.lineStarts, at) };
}

export function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let index = text.indexOf("\n"); index >= 0; index = text.indexOf("\n", index + 1)) starts.push(index + 1);
  return starts;
}

/** Line from 1 by binary search. */
export function lineAt(starts: readonly number[], at: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low + 1;
}

function starsOf(body: readonly Stmt[]): string[] {
  return body.flatMap((stmt) => {
    if (stmt.k === "import" && stmt.names?.some((name) => name.name === "*") === true) return [stmt.module];
    return stmt.k === "branch" ? stmt.bodies.flatMap(starsOf) : [];
  });
}
