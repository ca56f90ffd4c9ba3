import type { Validator } from "./validator.js";

/** A part of a position: degrees with a fraction, within a circle. */
export const degrees: Validator = (match) =>
  /^[-+]?\d{1,3}\.\d{2,}/.test(match.text.trim()) || /[°]|\d[,;\s]+[-+]?\d+\.\d|\d\s?[NSEW]\b/.test(match.text);

/** A list of names in one text, or one name of letters that stands for a list of one. */
export const nameList: Validator = (match) => /\p{L}[\p{L}\p{N} _-]*[,;|/\n]\s*\p{L}/u.test(match.text) && !/[{}[\]<>()]/.test(match.text);
