import cards from "card-validator";
import { countrySpecs, isValidBIC } from "ibantools";
import { parsePhoneNumberFromString } from "libphonenumber-js/max";
import stdnumModule from "stdnum";
import { isLetterOrDigit } from "../letters.js";
import { luhn } from "../numbers/luhn.js";
import { cardReadings, ibanReadings, phoneReadings } from "./readings.js";
import type { Validator } from "./validator.js";

const { stdnum } = stdnumModule;

/** Names of members that hold ids and times: bare digits there are no card, however the sum comes out. */
const ID_KEY = /(?:^|_)(?:id|ids|time|timestamp|ts|ms|ns|count|size|bytes|offset|hash|version|number|seq)$/i;
const CARD_WORD =
  /\bcards?\b|card.?(?:no|num)|_card|credit|debit|\bvisa|master.?card|amex|american express|discover card|maestro|\bpan\b|cvv|cvc|karte|carte|tarjeta|cart[aã]o|kaart|carta\b|kort\b|karta|kártya|kartı|карт|银行卡|信用卡|カード|카드|cc_?num/i;

const PLAIN_BRANDS: ReadonlySet<string> = new Set([
  "visa",
  "mastercard",
  "american-express",
  "discover",
  "jcb",
  "unionpay",
  "mir",
  "elo",
  "hipercard",
]);

/** Luhn holds, and the issuer's range and length are known or a card word stands nearby; of the whole match, or of a number that it swallowed. */
export const paymentCard: Validator = (match, text, key) =>
  isCard(match, text, key) || cardReadings(match, text, isCardNamed(match, text, key)).some((part) => isCard(part, text, key));

function isCardNamed(match: Parameters<Validator>[0], text: string, key: string | undefined): boolean {
  const end = match.index + match.text.length;
  const near = `${text.slice(Math.max(0, match.index - 48), match.index)} ${text.slice(end, end + 24)}`;
  return CARD_WORD.test(near) || (key !== undefined && CARD_WORD.test(key));
}

const isCard: Validator = (match, text, key) => {
  if (!isolated(text, match.index, match.text.length)) return false;
  const digits = match.text.replace(/\D/g, "");
  if (digits.length < 13 || digits.length > 19 || new Set(digits).size < 2 || !luhn(digits)) return false;
  if (isCardNamed(match, text, key)) return true;
  const isGrouped = digits !== match.text;
  if (key !== undefined && ID_KEY.test(key) && !isGrouped) return false;
  if (
    digits.length < 14 ||
    (isGrouped && !/^\d{4}(?:[ .-]\d{4}){3}(?:[ .-]\d{1,3})?$|^\d{4}[ .-]\d{6}[ .-]\d{4,5}$|^\d{6}[ .-]\d{8,13}$/.test(match.text))
  )
    return false;
  const { card, isValid } = cards.number(digits);
  // Ranges of some brands are so wide that one id in ten would do: those ask for groups or a word.
  return isValid && card !== null && (isGrouped || (digits.length >= 15 && PLAIN_BRANDS.has(card.type)));
};

/**
 * A country of the registry, its length, and modulus 97 (ISO 13616). A country's own check digits inside are not asked for: banks of old
 * numbers don't hold them. The pattern may have begun at a word before it (`no 15 DE89…`) or taken one too many behind it, so each place in
 * the match is tried at which a country stands.
 */
export const iban: Validator = (match, text) => ibanReadings(match, text).some((part) => isIban(part, text));

const isIban: Validator = (match, text) => {
  const country = match.text.slice(0, 2).toUpperCase();
  const length = countrySpecs[country as keyof typeof countrySpecs]?.chars ?? undefined;
  if (length === undefined || length === null) return false;
  let plain = "";
  let at = 0;
  for (; at < match.text.length && plain.length < length; at += 1)
    if (/[A-Za-z0-9]/.test(match.text[at] ?? "")) plain += (match.text[at] ?? "").toUpperCase();
  if (plain.length !== length || restOf97(plain.slice(4) + plain.slice(0, 4)) !== 1) return false;
  // One stretch of letters and digits in a hundred holds the sum, and digests and UUIDs are such: the country's own form must hold as well, and
  // where none is known the capitals.
  const form = countrySpecs[country as keyof typeof countrySpecs]?.bban_regexp ?? undefined;
  const written = match.text.slice(0, at);
  if (form === undefined || form === null ? written !== written.toUpperCase() : !new RegExp(form).test(plain.slice(4))) return false;
  const before = text[match.index - 1];
  const next = match.text[at];
  if (!isLetterOrDigit(before) && !isLetterOrDigit(next)) return true;
  // Between letters, as in `IBANDE89…EUR`: in capitals and in one piece.
  return form !== undefined && form !== null && !/\d/.test(`${before ?? ""}${next ?? ""}`) && written === plain;
};

function restOf97(plain: string): number {
  let rest = 0;
  for (const character of plain) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest;
}

export const bic: Validator = (match) => isValidBIC(match.text);

/** Day, month and year in any order, of someone who may be alive. */
export const birthDate: Validator = (match) => {
  const year = /(?:18|19|20)\d{2}/.exec(match.text)?.[0];
  return year === undefined
    ? /\d{1,2}[./-]\d{1,2}[./-]\d{2}/.test(match.text)
    : Number(year) >= 1900 && Number(year) <= new Date().getFullYear();
};

/**
 * International form must be a number of a real plan; any other grouping stands beside a contact word and needs 7 to 15 digits (E.164). The
 * pattern may have swallowed what stands beside the number: a date, a time, a second number.
 */
export const phone: Validator = (match, text) => isPhone(match, text) || phoneReadings(match, text).some((part) => isPhone(part, text));

const isPhone: Validator = (match, text) => {
  if (!isolated(text, match.index, match.text.length)) return false;
  const digits = match.text.replace(/\D/g, "");
  if (digits.length < 7 || digits.length > 15 || /^(\d)\1+$/.test(digits)) return false;
  if (/^\s*(?:\+|00)/.test(match.text)) return parsePhoneNumberFromString(`+${digits.replace(/^00/, "")}`)?.isValid() === true;
  return !/^\d{4}-\d{2}-\d{2}/.test(match.text) && !/^\d{1,3}(?:\.\d{1,3}){3}$/.test(match.text);
};

/** Validators of stdnum for numbers that name a person, by country. */
const PERSON_NUMBERS: readonly (readonly [string, readonly string[]])[] = [
  ["AR", ["dni", "cuit"]],
  ["AL", ["nipt"]],
  ["AU", ["tfn"]],
  ["BA", ["jmbg"]],
  ["BE", ["nn", "bis"]],
  ["BG", ["egn"]],
  ["BR", ["cpf"]],
  ["CA", ["sin"]],
  ["CH", ["ssn"]],
  ["CL", ["rut"]],
  ["CN", ["ric"]],
  ["CO", ["nit"]],
  ["CR", ["cpf"]],
  ["CZ", ["rc"]],
  ["DE", ["idnr", "svnr"]],
  ["DK", ["cpr"]],
  ["DO", ["cedula"]],
  ["EC", ["ci"]],
  ["EE", ["ik"]],
  ["ES", ["dni", "nie", "nss"]],
  ["FI", ["hetu"]],
  ["FR", ["nir", "nif"]],
  ["GB", ["nino", "utr"]],
  ["GR", ["amka"]],
  ["HK", ["hkid"]],
  ["HR", ["oib"]],
  ["IE", ["pps"]],
  ["IL", ["idnr"]],
  ["IN", ["aadhaar", "pan"]],
  ["IS", ["kennitala"]],
  ["IT", ["codicefiscale"]],
  ["KR", ["rrn"]],
  ["LT", ["asmens"]],
  ["LV", ["pvn"]],
  ["ME", ["jmbg"]],
  ["MK", ["jmbg"]],
  ["MX", ["curp", "rfc"]],
  ["MY", ["nric"]],
  ["NL", ["bsn"]],
  ["NO", ["fodselsnummer"]],
  ["NZ", ["ird"]],
  ["PK", ["cnic"]],
  ["PL", ["pesel", "nip"]],
  ["PT", ["cc", "nif"]],
  ["RO", ["cnp"]],
  ["RS", ["jmbg"]],
  ["RU", ["inn"]],
  ["SE", ["personnummer"]],
  ["SI", ["emso"]],
  ["SK", ["rc"]],
  ["TH", ["idnr"]],
  ["TR", ["tckimlik"]],
  ["TW", ["natid"]],
  ["UA", ["rntrc"]],
  ["US", ["ssn"]],
  ["UY", ["cedula"]],
  ["ZA", ["idnr"]],
];

const personChecks = PERSON_NUMBERS.flatMap(([country, names]) => names.flatMap((name) => stdnum[country]?.[name] ?? []));

/** Some country's check digits hold (the pattern or a context word has said that it is an id). */
export const nationalId: Validator = (match, text) => {
  if (!isolated(text, match.index, match.text.length)) return false;
  const value = match.text.trim();
  if (/^(.)\1+$/.test(value.replace(/\W/g, "")) || isNhs(value)) return isNhs(value);
  return personChecks.some((check) => check.validate(value).isValid);
};

/** NHS number: ten digits, modulus 11 (NHS Data Dictionary). */
function isNhs(value: string): boolean {
  const digits = value.replace(/[ -]/g, "");
  if (!/^\d{10}$/.test(digits) || /^(\d)\1+$/.test(digits)) return false;
  const sum = [...digits.slice(0, 9)].reduce((total, digit, index) => total + Number(digit) * (10 - index), 0);
  return (11 - (sum % 11)) % 11 === Number(digits[9]);
}

/** No digit, letter or dotted number goes on at either end: a part of a longer number proves nothing. */
function isolated(text: string, index: number, length: number): boolean {
  const end = index + length;
  return (
    !isLetterOrDigit(text[index - 1]) &&
    !/\d[.,-]$/.test(text.slice(Math.max(0, index - 2), index)) &&
    !isLetterOrDigit(text[end]) &&
    // A table's whole numbers beside missing ones are written `31612345678.0`.
    !/^[.,-](?!0(?![\p{L}\p{N}.]))\d/u.test(text.slice(end, end + 3))
  );
}
