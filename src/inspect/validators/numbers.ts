import cards from "card-validator";
import { electronicFormatIBAN, isValidBIC, isValidIBAN } from "ibantools";
import { parsePhoneNumberFromString } from "libphonenumber-js/max";
import stdnumModule from "stdnum";
import type { Validator } from "./validator.js";

const { stdnum } = stdnumModule;

/** Names of members that hold ids and times: bare digits there are no card, however the sum comes out. */
const ID_KEY = /(?:^|_)(?:id|ids|time|timestamp|ts|ms|ns|count|size|bytes|offset|hash|version|number|seq)$/i;
const CARD_WORD = /card|credit|debit|visa|master|amex|american express|discover|maestro|pan\b|cvv|karte|carte|tarjeta|kaart/i;

/** Luhn holds, and the issuer's range is known or a card word stands nearby. */
export const paymentCard: Validator = (match, text, key) => {
  if (!isolated(text, match.index, match.text.length)) return false;
  const digits = match.text.replace(/\D/g, "");
  if (digits.length < 13 || digits.length > 19 || /^(\d)\1+$/.test(digits) || !luhn(digits)) return false;
  const word = CARD_WORD.test(text.slice(Math.max(0, match.index - 48), match.index)) || (key !== undefined && CARD_WORD.test(key));
  if (word) return true;
  if (key !== undefined && ID_KEY.test(key) && digits === match.text) return false;
  if (digits.length < 14) return false;
  return cards.number(digits).isValid;
};

export const iban: Validator = (match) => isValidIBAN(electronicFormatIBAN(match.text.toUpperCase()) ?? "");

export const bic: Validator = (match) => isValidBIC(match.text);

/** 15 digits with Luhn (3GPP TS 23.003, annex B). */
export const imei: Validator = (match) => {
  const digits = match.text.replace(/\D/g, "");
  return digits.length === 15 && luhn(digits);
};

/** International form must be a number of a real plan; any other grouping stands beside a contact word and needs 7 to 15 digits (E.164). */
export const phone: Validator = (match, text) => {
  if (!isolated(text, match.index, match.text.length)) return false;
  const digits = match.text.replace(/\D/g, "");
  if (digits.length < 7 || digits.length > 15 || /^(\d)\1+$/.test(digits)) return false;
  if (/^\s*(?:\+|00)/.test(match.text)) return parsePhoneNumberFromString(`+${digits.replace(/^00/, "")}`)?.isValid() === true;
  return !/^\d{4}-\d{2}-\d{2}/.test(match.text) && !/^\d{1,3}(?:\.\d{1,3}){3}$/.test(match.text);
};

/** Validators of stdnum for numbers that name a person, by country. */
const PERSON_NUMBERS: readonly (readonly [string, readonly string[]])[] = [
  ["AR", ["dni", "cuit"]], ["AL", ["nipt"]], ["AU", ["tfn"]], ["BA", ["jmbg"]], ["BE", ["nn", "bis"]], ["BG", ["egn"]], ["BR", ["cpf"]], ["CA", ["sin"]], ["CH", ["ssn"]], ["CL", ["rut"]],
  ["CN", ["ric"]], ["CO", ["nit"]], ["CR", ["cpf"]], ["CZ", ["rc"]], ["DE", ["idnr", "svnr"]], ["DK", ["cpr"]], ["DO", ["cedula"]], ["EC", ["ci"]], ["EE", ["ik"]], ["ES", ["dni", "nie", "nss"]],
  ["FI", ["hetu"]], ["FR", ["nir", "nif"]], ["GB", ["nino", "utr"]], ["GR", ["amka"]], ["HK", ["hkid"]], ["HR", ["oib"]], ["IE", ["pps"]], ["IL", ["idnr"]], ["IN", ["aadhaar", "pan"]], ["IS", ["kennitala"]],
  ["IT", ["codicefiscale"]], ["KR", ["rrn"]], ["LT", ["asmens"]], ["LV", ["pvn"]], ["ME", ["jmbg"]], ["MK", ["jmbg"]], ["MX", ["curp", "rfc"]], ["MY", ["nric"]], ["NL", ["bsn"]], ["NO", ["fodselsnummer"]],
  ["NZ", ["ird"]], ["PK", ["cnic"]], ["PL", ["pesel", "nip"]], ["PT", ["cc", "nif"]], ["RO", ["cnp"]], ["RS", ["jmbg"]], ["RU", ["inn"]], ["SE", ["personnummer"]], ["SI", ["emso"]], ["SK", ["rc"]],
  ["TH", ["idnr"]], ["TR", ["tckimlik"]], ["TW", ["natid"]], ["UA", ["rntrc"]], ["US", ["ssn"]], ["UY", ["cedula"]], ["ZA", ["idnr"]],
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
  return !/[\p{L}\p{N}_]$|\d[.,-]$/u.test(text.slice(Math.max(0, index - 2), index)) && !/^(?:[\p{L}\p{N}_]|[.,-]\d)/u.test(text.slice(index + length, index + length + 2));
}

/** ISO/IEC 7812-1, annex B. */
function luhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}
