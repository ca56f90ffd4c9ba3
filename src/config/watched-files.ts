import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** What is watched, and what to do about it. */
export interface WatchOptions {
  /** Folders, with all below them, and files. */
  readonly paths: readonly string[];
  /** Milliseconds between looks. */
  readonly everyMs: number;
  /** Called once the files have come to rest, one call at a time. */
  readonly onChange: () => Promise<void>;
}

/** Folders inside folders; a loop of symbolic links ends here. */
const DEPTH = 6;

/**
 * Tells when files change: by looking, since notifications are lost on network file systems and miss what Kubernetes does, which swaps a
 * symbolic link above the files of a ConfigMap or Secret. A change is told once two looks in a row agree, so a half-written set isn't read.
 *
 * @returns what ends the watch
 */
export function watchFiles(options: WatchOptions): () => void {
  let known = fingerprint(options.paths);
  let last = known;
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    const now = fingerprint(options.paths);
    const atRest = now === last;
    last = now;
    if (!atRest || now === known) return;
    known = now;
    busy = true;
    void options.onChange().finally(() => {
      busy = false;
    });
  }, options.everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Everything that differs where a file was written, replaced or removed: through links, as whoever reads it will. */
function fingerprint(paths: readonly string[]): string {
  const lines: string[] = [];
  for (const path of paths) look(path, DEPTH, lines);
  return lines.join("\n");
}

function look(path: string, depth: number, lines: string[]): void {
  try {
    const stat = statSync(path);
    if (!stat.isDirectory()) {
      lines.push(`${path} ${stat.ino} ${stat.size} ${stat.mtimeMs}`);
      return;
    }
    if (depth === 0) return;
    // `..data` and its dated folders are how Kubernetes swaps; the names beside them lead to the same files.
    for (const name of readdirSync(path).sort()) if (!name.startsWith(".")) look(join(path, name), depth - 1, lines);
  } catch {
    // Gone between two looks: that is a change too.
    lines.push(`${path} gone`);
  }
}
