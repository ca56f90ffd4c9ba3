import type { Shape } from "./shape.js";

/** Bytes below which a decoded string may be anything. */
const FEWEST_BYTES = 16;

/** Files by their first bytes, where a decoder found any behind a string. */
export const binary: Shape = {
  bytes: (bytes, magic) => magic !== undefined && bytes.length >= FEWEST_BYTES,
};
