import { hardwareAddress, publicAddress, userPath } from "./address.js";
import { email } from "./email.js";
import { base64Magic, hexMagic } from "./magic.js";
import { personName } from "./names.js";
import { bic, iban, imei, nationalId, paymentCard, phone } from "./numbers.js";
import { hexRun, opaque } from "./opaque.js";
import { jwt, randomValue, secretValue, wallet } from "./secrets.js";
import type { Validator } from "./validator.js";

/** Validators by the name that a rule's `validator` or `keyValidator` has. */
export const VALIDATORS: ReadonlyMap<string, Validator> = new Map<string, Validator>([
  ["base64-magic", base64Magic],
  ["bic", bic],
  ["email", email],
  ["hardware-address", hardwareAddress],
  ["hex-binary", (match, text) => hexMagic(match, text) || hexRun(match, text)],
  ["iban", iban],
  ["imei", imei],
  ["jwt", jwt],
  ["national-id", nationalId],
  ["opaque", opaque],
  ["payment-card", paymentCard],
  ["person-name", personName],
  ["phone", phone],
  ["public-address", publicAddress],
  ["random-value", randomValue],
  ["secret-value", secretValue],
  ["user-path", userPath],
  ["wallet", wallet],
]);
