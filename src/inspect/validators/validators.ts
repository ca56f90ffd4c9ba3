import { hardwareAddress, machineAddress, namedAddress, publicAddress, userPath } from "./address.js";
import { email, mailbox, urlUser } from "./email.js";
import { base64Magic, hexMagic } from "./magic.js";
import { likelyName, listedName, personName } from "./names.js";
import { bic, birthDate, iban, nationalId, paymentCard, phone } from "./numbers.js";
import { hexRun, opaque } from "./opaque.js";
import { degrees, nameList } from "./places.js";
import { seedPhrase } from "./seed-phrase.js";
import {
  issuedToken,
  jwt,
  keyedPassword,
  keyedSecret,
  namedPassword,
  namedSecret,
  prefixedToken,
  randomValue,
  secretValue,
} from "./secrets.js";
import { programFile, storedObject } from "./storage.js";
import { solana, wallet } from "./wallets.js";
import type { Validator } from "./validator.js";

/** Validators by the name that a rule's `validator`, `keyValidator` or `keyExempt` has. */
export const VALIDATORS: ReadonlyMap<string, Validator> = new Map<string, Validator>([
  ["base64-magic", base64Magic],
  ["bic", bic],
  ["birth-date", birthDate],
  ["degrees", degrees],
  ["email", email],
  ["hardware-address", hardwareAddress],
  ["hex-binary", (match, text) => hexMagic(match, text) || hexRun(match, text)],
  ["iban", iban],
  ["issued-token", issuedToken],
  ["jwt", jwt],
  ["keyed-password", keyedPassword],
  ["keyed-secret", keyedSecret],
  ["likely-name", likelyName],
  ["listed-name", listedName],
  ["machine-address", machineAddress],
  ["mailbox", mailbox],
  ["url-user", urlUser],
  ["name-list", nameList],
  ["named-address", namedAddress],
  ["named-password", namedPassword],
  ["named-secret", namedSecret],
  ["national-id", nationalId],
  ["opaque", opaque],
  ["payment-card", paymentCard],
  ["person-name", personName],
  ["phone", phone],
  ["prefixed-token", prefixedToken],
  ["program-file", programFile],
  ["public-address", publicAddress],
  ["random-value", randomValue],
  ["seed-phrase", seedPhrase],
  ["secret-value", secretValue],
  ["stored-object", storedObject],
  ["user-path", userPath],
  ["solana", solana],
  ["wallet", wallet],
]);
