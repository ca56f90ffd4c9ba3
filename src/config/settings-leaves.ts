import { z } from "zod";
import { SETTINGS_SCHEMA } from "./settings-schema.js";
import { notesOf } from "./settings-values.js";
import type { SettingNotes } from "./settings-values.js";

/** One setting as people meet it: its path in the file, its variable, its default, its meaning. */
export interface SettingLeaf {
  readonly path: readonly string[];
  readonly variable: string;
  readonly fallback: unknown;
  readonly notes: SettingNotes;
}

export const VARIABLE_PREFIX = "EGRESS_PROXY_";

/** Every setting in the schema's order. */
export const SETTING_LEAVES: readonly SettingLeaf[] = leavesOf(SETTINGS_SCHEMA, []);

function leavesOf(schema: unknown, path: readonly string[]): SettingLeaf[] {
  const inner = schema instanceof z.ZodPrefault ? schema.def.innerType : schema;
  if (inner instanceof z.ZodObject) return Object.entries(inner.shape).flatMap(([key, held]) => leavesOf(held, [...path, key]));
  const notes = schema instanceof z.ZodType ? notesOf(schema) : undefined;
  if (!(schema instanceof z.ZodPrefault) || notes === undefined)
    throw new Error(`The setting ${path.join(".")} lacks a default or a description.`);
  return [
    { path, variable: VARIABLE_PREFIX + path.join("_").replaceAll("-", "_").toUpperCase(), fallback: schema.def.defaultValue, notes },
  ];
}
