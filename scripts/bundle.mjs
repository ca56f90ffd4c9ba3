/**
 * Joins what tsc compiled, and the packages it uses, into a few files under dist/app: what `npm start`, the command and the image run.
 * Some 900 modules, each found, opened and linked on its own, cost a start 0.8 of 1.85 s of CPU (docs/decisions/0012).
 * Nothing is renamed, so that a stack trace and a reviewer find the functions they know.
 */
import { renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Flat, so that `new URL("./writer-thread.js", import.meta.url)` is right from whichever file its caller landed in. */
const ENTRIES = {
  "egress-proxy": "dist/src/cli/main.js",
  "writer-thread": "dist/src/record/writer-thread.js",
  "inspection-worker": "dist/src/inspection-worker.js",
  "serving-worker": "dist/src/serving-worker.js",
};

/** Native add-ons, and a package that starts a thread from a file of its own. */
const NOT_JOINED = ["better-sqlite3", "re2", "piscina", "pg-native"];

const draft = join(root, "dist", `app.${process.pid}`);
try {
  await build({
    absWorkingDir: root,
    entryPoints: ENTRIES,
    outdir: draft,
    bundle: true,
    // Commands that are read only when given stay apart.
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    external: NOT_JOINED,
    legalComments: "linked",
    // Comments and indentation are half of the text, and V8 keeps a file in two bytes a character for one letter past Latin-1.
    minifyWhitespace: true,
    lineLimit: 160,
    // Packages written for CommonJS ask for Node's own modules by `require`, which an ES module lacks.
    banner: { js: 'import { createRequire as moduleRequire } from "node:module"; const require = moduleRequire(import.meta.url);' },
    logLevel: "warning",
  });
  rmSync(join(root, "dist", "app"), { recursive: true, force: true });
  renameSync(draft, join(root, "dist", "app"));
} finally {
  rmSync(draft, { recursive: true, force: true });
}
