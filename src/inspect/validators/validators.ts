import { email } from "./email.js";
import { base64Magic, hexMagic } from "./magic.js";
import type { Validator } from "./validator.js";

/** Validators by the name that a rule's `validator` has. */
export const VALIDATORS: ReadonlyMap<string, Validator> = new Map<string, Validator>([
  ["base64-magic", base64Magic],
  ["email", email],
  ["hex-magic", hexMagic],
]);
