/**
 * Headers that native add-ons can be compiled against for this Node.
 *
 * Node 24.21's node_object_wrap.h (24.22 has it too) has each wrapped object take a hook out of its environment as it is destroyed. A garbage
 * collection destroys it where no JavaScript context is entered, no environment is found there, and the process aborts ("Assertion failed: (env) !=
 * nullptr"): seconds after the start, since better-sqlite3 wraps every statement. The add-on closes what it holds at an environment's end by itself,
 * so the two calls can be left out; Node 20 and 22 have none.
 *
 *   npm_config_nodedir=$(node scripts/native-headers.mjs FOLDER) npm ci     prints FOLDER, or this Node's own where its headers are sound
 */
import { cpSync, existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HEADER = join("include", "node", "node_object_wrap.h");
const CALL = /^ *(?:Add|Remove)CleanupHook\(\);\n/gm;

/** @returns what npm_config_nodedir has to be; undefined where Node came without headers, and node-gyp fetches its own */
export function soundHeaders(to, prefix = dirname(dirname(realpathSync(process.execPath)))) {
  if (!existsSync(join(prefix, HEADER))) return undefined;
  const sound = readFileSync(join(prefix, HEADER), "utf8").replace(CALL, "");
  if (sound === readFileSync(join(prefix, HEADER), "utf8")) return prefix;
  rmSync(to, { recursive: true, force: true });
  cpSync(join(prefix, "include"), join(to, "include"), { recursive: true, dereference: true });
  writeFileSync(join(to, HEADER), sound);
  return to;
}

/** Loads both add-ons, and has garbage collections destroy statements as they come: what was compiled against unsound headers aborts. */
export const ADDONS_PROBE = `
await import("re2");
const Database = (await import("better-sqlite3")).default;
const db = new Database(":memory:");
for (let turn = 0; turn < 40; turn += 1) {
  const garbage = [];
  for (let n = 0; n < 2000; n += 1) garbage.push(db.prepare("select 1").get(), { n, text: "garbage " + n });
  await new Promise((resolve) => setTimeout(resolve, 1));
}
db.close();`;

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) {
  const [to] = process.argv.slice(2);
  if (to === undefined) throw new Error("Name a folder for the headers.");
  process.stdout.write(to === "--probe" ? ADDONS_PROBE : `${soundHeaders(to) ?? ""}\n`);
}
