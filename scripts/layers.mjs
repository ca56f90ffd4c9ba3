/**
 * The layer rules of the house, as one table, and what generates .oxlintrc.json from it.
 *
 *   node scripts/layers.mjs           fails where .oxlintrc.json is not what the table says
 *   node scripts/layers.mjs --write   writes it
 *
 * Generated, because an override of oxlint *replaces* the rule that stands in its base: each has to carry everything that holds for its
 * files, and nobody keeps fifteen such lists alike by hand.
 */
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Folders of src/ that do one step each. A stage imports model/ and its own folder, never a sibling. */
export const STAGES = [
  "audit",
  "body",
  "config",
  "console",
  "forward",
  "gateway",
  "http",
  "inspect",
  "kubernetes",
  "listen",
  "observe",
  "record",
  "tls",
  "verdict",
];

/** Bytes and policy in, values out: no socket, no file, no process. */
export const PURE_STAGES = ["body", "inspect", "verdict"];

/** These alone know the stages. */
export const COMPOSITION = [
  "src/main.ts",
  "src/quotas.ts",
  "src/rules-in-force.ts",
  "src/desk.ts",
  "src/desk-settings.ts",
  "src/listeners.ts",
  "src/listener-identity.ts",
  "src/pipeline.ts",
  "src/pipeline-inspection.ts",
  "src/pipeline-outcome.ts",
  "src/pipeline-parts.ts",
  "src/pipeline-redaction.ts",
  "src/pipeline-script.ts",
  "src/support-answers.ts",
  "src/support-case.ts",
  "src/support-outcome.ts",
  "src/inspection-job.ts",
  "src/inspection-pool.ts",
  "src/inspection-worker.ts",
  "src/warm-up.ts",
  "src/pod-lookup.ts",
  "src/serving-worker.ts",
  "src/worker-crew.ts",
  "src/worker-messages.ts",
  "src/worker-share.ts",
];

/** What a worker's entry file (`*-worker.ts`) may import beside its own folder: it runs them on another thread. */
export const WORKER_STAGES = ["body", "inspect", "verdict"];

/** Who may import a package; `*` is everyone but model/. "composition" stands for the files of COMPOSITION. */
export const PACKAGE_OWNERS = {
  "@hono/node-server": ["console"],
  "@lezer/python": ["audit"],
  "@noble/hashes": ["inspect"],
  "@scure/base": ["inspect"],
  "@scure/bip39": ["inspect"],
  "age-encryption": ["record"],
  "better-sqlite3": ["record"],
  "card-validator": ["inspect"],
  commander: ["cli", "config"],
  fzstd: ["body"],
  hono: ["console"],
  "http-proxy": ["gateway"],
  ibantools: ["inspect"],
  "ipaddr.js": ["*"],
  kysely: ["record"],
  "libphonenumber-js": ["inspect"],
  "lru-cache": ["*"],
  "node-forge": ["tls"],
  "openid-client": ["console"],
  pg: ["record"],
  piscina: ["composition"],
  "prom-client": ["observe"],
  re2: ["inspect"],
  stdnum: ["inspect"],
  tldts: ["inspect"],
  undici: ["forward"],
  winston: ["observe"],
  yaml: ["*"],
  zod: ["*"],
};

const OUTSIDE_WORLD = [
  "child_process",
  "cluster",
  "dgram",
  "dns",
  "fs",
  "http",
  "http2",
  "https",
  "inspector",
  "net",
  "tls",
  "worker_threads",
];

const escaped = (text) => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, String.raw`\$&`);

/** One name or any of its subpaths. */
const anyOf = (names) => `(${names.map(escaped).join("|")})(/.*)?$`;

function banned(regex, message) {
  return { regex, message };
}

/** `createRequire` gets any package past every rule here. */
const NO_MODULE = banned(`^(node:)?${anyOf(["module"])}`, "node:module hides imports from the layer rules.");

function foreignPackages(owner) {
  const foreign = Object.entries(PACKAGE_OWNERS).filter(([, owners]) => !owners.includes("*") && !owners.includes(owner));
  return banned(`^${anyOf(foreign.map(([name]) => name))}`, "Another folder owns this package (scripts/layers.mjs).");
}

/** However it is spelled: `../body/x.js`, `./../body/x.js`, `../../src/body/x.js`. */
function folders(names) {
  return banned(
    String.raw`(^|/)\.\./(.*/)?(${names.join("|")})(/|$)`,
    "A stage imports model/ and its own folder only; pass it in through a model/ type.",
  );
}

const NO_COMPOSITION = banned(
  `(^|/)(${COMPOSITION.map((file) => escaped(file.slice("src/".length, -".ts".length))).join("|")})\\.js$`,
  "Stages don't know who composes them.",
);
const NO_TESTS = banned(String.raw`(^|/)\.\./(.*/)?(test|bench|dist|scripts)(/|$)`, "The product doesn't import its tests.");

function stagePatterns(stage, mayImport) {
  const siblings = [...STAGES, "cli"].filter((name) => name !== stage && !mayImport.includes(name));
  const pure = PURE_STAGES.includes(stage)
    ? [banned(`^(node:)?${anyOf(OUTSIDE_WORLD)}`, `${stage}/ touches no socket, no file and no process: bytes and policy in, values out.`)]
    : [];
  return [NO_MODULE, folders(siblings), NO_COMPOSITION, NO_TESTS, foreignPackages(stage), ...pure];
}

/** What may not be imported where, as `[files, patterns]`; the later row wins. */
function table() {
  const rows = [["src/**", [NO_MODULE, NO_TESTS, folders([...STAGES, "cli"]), foreignPackages("nobody")]]];
  rows.push([
    "src/model/**",
    [NO_MODULE, NO_TESTS, banned("^[^.]", "model/ imports nothing."), banned(String.raw`(^|/)\.\./`, "model/ imports nothing but itself.")],
  ]);
  for (const stage of STAGES) rows.push([`src/${stage}/**`, stagePatterns(stage, [])]);
  for (const stage of STAGES) rows.push([`src/${stage}/**/*-worker.ts`, stagePatterns(stage, WORKER_STAGES)]);
  rows.push(["src/cli/**", [NO_MODULE, NO_TESTS, foreignPackages("cli")]]);
  for (const file of COMPOSITION) rows.push([file, [NO_MODULE, NO_TESTS, foreignPackages("composition")]]);
  return rows;
}

const restrictImports = (patterns) => ({ "no-restricted-imports": ["error", { patterns }] });

export function oxlintConfig() {
  return {
    $schema: "./node_modules/oxlint/configuration_schema.json",
    plugins: ["typescript", "import", "unicorn", "oxc", "promise", "node"],
    categories: { correctness: "error" },
    options: { typeAware: true },
    env: { node: true, es2024: true },
    ignorePatterns: ["dist/**", "coverage/**", "node_modules/**", "data/**", "test/corpus/**/*.js", "deploy/**"],
    rules: {
      ...restrictImports([NO_MODULE]),
      "import/no-cycle": ["error", { ignoreTypes: false }],
      "typescript/no-floating-promises": [
        "error",
        { allowForKnownSafeCalls: [{ from: "package", package: "node:test", name: ["test", "it", "describe", "suite"] }] },
      ],
      "typescript/no-misused-promises": "error",
      "typescript/await-thenable": "error",
      "typescript/no-explicit-any": "error",
      "typescript/no-non-null-assertion": "error",
      "typescript/no-unsafe-argument": "error",
      "typescript/no-unsafe-assignment": "error",
      "typescript/no-unsafe-call": "error",
      "typescript/no-unsafe-member-access": "error",
      "typescript/no-unsafe-return": "error",
      "typescript/only-throw-error": "error",
      "typescript/prefer-promise-reject-errors": "error",
      "typescript/return-await": "error",
      "typescript/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "typescript/no-unnecessary-type-assertion": "error",
      "typescript/consistent-type-imports": "error",
      // A string taken apart by code points is meant wherever it is done here.
      "typescript/no-misused-spread": "off",
      "unicorn/prefer-string-starts-ends-with": "off",
      // tsc knows which packages have a default export; the linter reads only their ESM form.
      "import/default": "off",
      "no-useless-escape": "off",
      // A string spread into its characters looks like a list to this rule.
      "unicorn/no-useless-spread": "off",
      "promise/no-callback-in-promise": "off",
      // Matching control characters is much of what a reader of hostile bytes does.
      "no-control-regex": "off",
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
      "no-new-func": "error",
      "no-var": "error",
    },
    overrides: [
      // Console output is the command line's alone; the rest logs through model/ports.ts.
      { files: ["src/**"], rules: { "no-console": "error" } },
      ...table().map(([files, patterns]) => ({ files: [files], rules: restrictImports(patterns) })),
      {
        files: PURE_STAGES.map((stage) => `src/${stage}/**`),
        rules: { "no-restricted-globals": ["error", "fetch", "WebSocket", "EventSource"] },
      },
      // A test states what it expects of parsed JSON and events; where they differ, its assertion fails, which is what a cast would hide in src/.
      {
        files: ["test/**", "bench/**"],
        rules: Object.fromEntries(
          [
            "no-unsafe-argument",
            "no-unsafe-assignment",
            "no-unsafe-call",
            "no-unsafe-member-access",
            "no-unsafe-return",
            "return-await",
            "await-thenable",
          ].map((rule) => [`typescript/${rule}`, "off"]),
        ),
      },
      // Plain JavaScript without types: what any of them is, is not known to the checker.
      {
        files: ["scripts/**", "**/*.mjs"],
        rules: Object.fromEntries(
          [
            "no-unsafe-argument",
            "no-unsafe-assignment",
            "no-unsafe-call",
            "no-unsafe-member-access",
            "no-unsafe-return",
            "require-array-sort-compare",
          ].map((rule) => [`typescript/${rule}`, "off"]),
        ),
      },
    ],
  };
}

export const render = () => `${JSON.stringify(oxlintConfig(), null, 2)}\n`;

// By its real path: a checkout may be reached through a symbolic link.
if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === realpathSync(process.argv[1])) {
  const path = join(dirname(dirname(fileURLToPath(import.meta.url))), ".oxlintrc.json");
  if (process.argv.includes("--write")) writeFileSync(path, render());
  else if (readFileSync(path, "utf8") !== render()) {
    process.stderr.write(".oxlintrc.json is not what scripts/layers.mjs says. Run `node scripts/layers.mjs --write`.\n");
    process.exitCode = 1;
  }
}
