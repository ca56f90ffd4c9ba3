import type { TextMatch } from "../pattern.js";

/** Confirms what a pattern found. `text` is the whole text, for what stands around the match; `key` the nearest member's name. */
export type Validator = (match: TextMatch, text: string, key?: string) => boolean;
