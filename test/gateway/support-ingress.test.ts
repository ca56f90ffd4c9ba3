import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parse } from "yaml";
import { z } from "zod";
import { packageRoot } from "../../src/config/package-root.js";
import { loadSettings } from "../../src/config/settings.js";
import { passingKey } from "../../src/record/passing-key.js";
import { loadRules } from "../../src/rules-in-force.js";

const INGRESS = z.object({
  kind: z.literal("Ingress"),
  metadata: z.object({ annotations: z.record(z.string(), z.string()) }),
  spec: z.object({
    rules: z.array(z.object({ http: z.object({ paths: z.array(z.object({ path: z.string(), pathType: z.literal("Prefix") })) }) })),
  }),
});

test("the ingress that ships closes every route that support may ask here, and sign-up, to everyone", () => {
  const ingress = INGRESS.parse(parse(readFileSync(join(packageRoot(), "deploy", "ingress", "support-closed.yaml"), "utf8")));
  assert.equal(ingress.metadata.annotations["nginx.ingress.kubernetes.io/whitelist-source-range"], "127.0.0.1/32");
  const closed = ingress.spec.rules.flatMap(({ http }) => http.paths.map(({ path }) => path));
  const { policy } = loadRules(loadSettings({ env: {}, flags: [] }), passingKey()).index;
  const asked = (policy.cases.support.supportRoutes ?? []).filter(({ signIn }) => !signIn).map(({ path }) => path);
  assert.ok(asked.length > 0);
  assert.deepEqual(
    asked.filter((path) => !closed.includes(path)),
    [],
  );
  assert.ok(closed.includes("/api/v1/user/new") && closed.includes("/api/v1/user/pro/new"));
});
