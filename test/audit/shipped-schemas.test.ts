import assert from "node:assert/strict";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parse } from "yaml";
import type { AuditResult } from "../../src/audit/audit.js";
import { readPolicyView, type PolicyView } from "../../src/audit/policy-view.js";
import { auditOf, command, copyCheckout, of, root, type Copy } from "./checkout-copy.js";

/** Drift between the fixture and the rules that ship which is meant, each with its reason. What is not here is a fault. */
const MEANT_DRIFT: readonly (readonly [name: string, reason: string])[] = [
  ["field:task_template_id", "no version read sends it, and the receiver takes it; an id"],
  ["field:report_template_id", "a column that is not serialised; an id"],
  ["field:link", "a column that is not serialised; searched as free text"],
  ["field:success", "a column that is not serialised; a flag"],
  ["field:run_time", "a column that is not serialised; a number"],
  ["kind:user_visit", "the pages send it through event/create"],
  ["kind:archived", "the task event's model names it in a comment"],
  ["kind:completed", "the task event's model names it in a comment"],
  ["kind:created", "the task event's model names it in a comment"],
  ["kind:in_review", "the task event's model names it in a comment"],
  ["page_name:stickers_board", "the fixture's own page, which the vendor's source does not have"],
  ["properties:id", "the vendor's receiving end, which an installation never feeds"],
  ["properties:kind", "the vendor's receiving end, which an installation never feeds"],
  ["properties:error_log", "the vendor's receiving end, which an installation never feeds"],
  ["properties:time_created", "the vendor's receiving end, which an installation never feeds"],
  ["properties:member_id", "the vendor's receiving end, which an installation never feeds"],
  ["host:api.mailgun.net", "in no Limited Case: refused until the operator names it"],
  ["host:storage.googleapis.com", "pages load it; in no Limited Case"],
  ["host:fonts.googleapis.com", "pages load it; in no Limited Case"],
  ["host:cdn.jsdelivr.net", "pages load it; in no Limited Case"],
];

/** Proposed templates that the shipped schemas hold otherwise, each with its reason. */
const OTHER_TEMPLATES: readonly (readonly [proposed: string, reason: string])[] = [
  ["Regenerated Cache\\. Frame [0-9]{1,12}", "seven digits: twelve would hold a telephone number"],
  ["Changed [0-9]{1,12}", "seven digits: twelve would hold a telephone number"],
  ["[a-z_]{1,32} to directory [0-9]{1,12}", "the fixture's own sentence, which the vendor's source does not have"],
  [
    "OS Init for (?:default|walrus|eventhandlers)(?:_service)? service from [A-Za-z0-9 ._-]{1,32} to [A-Za-z0-9 ._-]{1,32}",
    "an operating system and its version in place of any 32 characters",
  ],
];

interface Draft {
  readonly $defs: Readonly<Record<string, { readonly properties: Readonly<Record<string, Member>> }>>;
}
interface Member {
  readonly "x-templates"?: readonly string[];
  readonly anyOf?: readonly { readonly enum?: readonly string[]; readonly pattern?: string }[];
  readonly properties?: Readonly<Record<string, unknown>>;
}

let copy: Copy;
let result: AuditResult;
let policy: PolicyView;
let hub: Draft;
let segment: Draft;
before(async () => {
  copy = await copyCheckout();
  result = await auditOf(copy.path);
  policy = await readPolicyView(join(root(), "rules"));
  await command([copy.path, "--no-policy", "--write-schema", `${copy.path}-schemas`]);
  hub = parse(await readFile(`${copy.path}-schemas/event-hub.yaml`, "utf8")) as Draft;
  segment = parse(await readFile(`${copy.path}-schemas/segment-batch.yaml`, "utf8")) as Draft;
});
after(async () => {
  await copy.remove();
  await rm(`${copy.path}-schemas`, { recursive: true, force: true });
});

test("the drift between the fixture and the rules that ship is exactly what is meant", () => {
  assert.deepEqual(
    of(result, "drift")
      .map((one) => one.name)
      .sort(),
    MEANT_DRIFT.map(([name]) => name).sort(),
  );
});

test("each proposed field and kind of the event hub is in the shipped schema", () => {
  const meant = new Set(MEANT_DRIFT.map(([name]) => name));
  let kinds = 0;
  for (const [cls, { properties }] of Object.entries(hub.$defs)) {
    for (const name of Object.keys(properties)) assert.ok(policy.fields.has(name) || meant.has(`field:${name}`), `${cls}.${name}`);
    for (const { enum: words = [], pattern } of properties["kind"]?.anyOf ?? []) {
      for (const word of words) {
        kinds += 1;
        assert.ok(policy.kinds.words.has(word), `kind ${word}`);
      }
      if (pattern !== undefined) {
        const prefix = pattern.slice(0, pattern.indexOf("["));
        assert.ok(
          policy.kinds.patterns.some((shipped) => shipped.startsWith(prefix)),
          `pattern ${pattern}`,
        );
      }
    }
  }
  assert.ok(kinds >= 60, `${kinds} kinds`);
});

test("each proposed property of Segment is in the shipped schema", () => {
  const meant = new Set(MEANT_DRIFT.map(([name]) => name));
  const names = Object.keys(segment.$defs["track"]?.properties["properties"]?.properties ?? {});
  assert.ok(names.length >= 10);
  for (const name of names) assert.ok(policy.properties.has(name) || meant.has(`properties:${name}`), name);
});

test("each proposed template is shipped for the event hub and for Segment, or held otherwise for a reason", async () => {
  const read = (name: string): Promise<string> => readFile(join(root(), "rules/schemas", name), "utf8");
  const [names, own, batch] = await Promise.all([read("names.yaml"), read("event-hub.yaml"), read("segment-batch.yaml")]);
  const other = new Set(OTHER_TEMPLATES.map(([proposed]) => proposed));
  const proposed = Object.values(hub.$defs).flatMap(({ properties }) => properties["description"]?.["x-templates"] ?? []);
  assert.ok(proposed.length >= 6);
  for (const anchored of proposed) {
    const template = anchored.slice(1, -1);
    if (other.has(template)) continue;
    assert.ok((names + own).includes(JSON.stringify(template)), template);
    assert.ok(batch.includes(JSON.stringify(template)), `${template} in segment-batch.yaml`);
  }
  for (const [template] of OTHER_TEMPLATES) assert.ok(proposed.includes(`^${template}$`), `${template} is proposed no more`);
});

test("every field of the event and every kind that ships has its place in the source as a comment", async () => {
  const own = await readFile(join(root(), "rules/schemas/event-hub.yaml"), "utf8");
  const events = own.slice(own.indexOf("  userEvent:"), own.indexOf("  report:\n"));
  const fields = events.split("\n").filter((line) => /^ {6}\w+:/.test(line));
  assert.ok(fields.length >= 40);
  for (const line of fields) if (!/^ {6}kind:$/.test(line)) assert.match(line, / # .*(?:\.py:\d+|\.py \w+)/);
  const names = await readFile(join(root(), "rules/schemas/names.yaml"), "utf8");
  const kinds = names.slice(0, names.indexOf("  pageName:")).split("\n");
  for (const word of policy.kinds.words) assert.match(kinds.find((line) => line.trim().startsWith(`${word},`)) ?? word, /, # \S+/);
});
