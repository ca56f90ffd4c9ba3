import { loadPolicy } from "../../../src/config/policy.js";
import { schemaNamesOf } from "../../../src/config/rules-directory.js";
import { ruleIdsOf } from "../../../src/inspect/rule-ids.js";
import { loadRules as compileRules } from "../../../src/inspect/rule-file.js";
import { loadSchemas } from "../../../src/inspect/schema-file.js";
import { FaultsError, type Fault } from "../../../src/model/fault.js";
import type { LoadedRules } from "../../../src/rules-in-force.js";
import { must, type Target, words } from "./target.js";

const YAML_WORDS = words("- : {} [] null ~ true off &a *a <<: !!binary | > # '' --- ... ? , 0x1f 1e9 9007199254740993 .inf %YAML");
const POLICY_WORDS = words(
  "enabled: mode: monitor enforce until: 2026-12-31 destinations: host: port: methods: paths: content_types: schema: action: report redact licensing event-collection support version: limits: body_bytes: values: parent: connect: clients: reason: author: *.evil.example",
);

/** Files of the operator's: whatever stands in them is used, or refused with faults that say where. */
export function fileTargets({ files }: LoadedRules): Target[] {
  const schemaNames = schemaNamesOf(files);
  const ruleIds = ruleIdsOf(files.rules);
  const explained = (faults: readonly Fault[]): void => {
    for (const { where, what, mend } of faults)
      must(where !== "" && what !== "" && mend !== "", "a fault does not say where, what and how to mend it");
  };
  const policy: Target = {
    name: "policy-file",
    batch: 16,
    words: [...YAML_WORDS, ...POLICY_WORDS],
    seeds: [Buffer.from(files.policy.text.replaceAll(/^\s*#.*\n/gm, ""))],
    run(input) {
      try {
        const { policy: read } = loadPolicy(
          { ...files, policy: { path: "policy.yaml", text: input.toString("utf8") }, overlays: [] },
          { now: Date.now(), connectTo: [], schemaNames, ruleIds },
        );
        must(Object.isFrozen(read) && read.cases.licensing.state !== "limited", "licensing was switched off");
      } catch (error) {
        if (!(error instanceof FaultsError)) throw error;
        must(error.faults.length > 0, "a policy is refused without a fault");
        explained(error.faults);
      }
    },
  };
  const rule: Target = {
    name: "rule-file",
    batch: 8,
    words: [
      ...YAML_WORDS,
      ...words(
        "id: action: patterns: pattern: validator: keywords: (a+)+$ (?=a) \\1 [ {200,} .* \\b \\p{L} (?i) examples: match: pass: keys: context: shape: applies:",
      ),
    ],
    seeds: files.rules.slice(0, 4).map(({ text }) => Buffer.from(text)),
    run(input) {
      const faults: Fault[] = [];
      compileRules([{ path: "rules/pii/fuzzed.yaml", text: input.toString("utf8") }], faults);
      explained(faults);
    },
  };
  const schema: Target = {
    name: "schema-file",
    batch: 16,
    words: [
      ...YAML_WORDS,
      ...words(
        "type: properties: additionalProperties: $ref: '#/$defs/a' pattern: enum: const: anyOf: items: required: x-identity: x-bounds: x-discriminator:",
      ),
    ],
    seeds: files.schemas.slice(0, 4).map(({ text }) => Buffer.from(text)),
    run(input) {
      const faults: Fault[] = [];
      loadSchemas([{ path: "schemas/fuzzed.yaml", text: input.toString("utf8") }], {}, faults);
      explained(faults);
    },
  };
  return [policy, rule, schema];
}
