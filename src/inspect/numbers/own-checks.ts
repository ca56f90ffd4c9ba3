import { luhn } from "./luhn.js";

/** A check that the stdnum package has not. `plain` is letters and digits in capitals. */
export interface OwnCheck {
  readonly isLoose: boolean;
  holds(plain: string, raw: string): boolean;
}

/** Check digits, dates or closed alphabets: chance passes few. */
const PROVING: Readonly<Record<string, (plain: string, raw: string) => boolean>> = {
  // National Insurance number (HMRC NIM39110): letters that never come first or second, prefixes never given, suffix A to D.
  "GB.nino": (plain) => /^(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z]\d{6}[A-D]$/.test(plain),
  // NHS number: modulus 11 (NHS Data Dictionary); Scotland's CHI and Northern Ireland's number have the same sum.
  "GB.nhs": (plain) => /^\d{10}$/.test(plain) && (11 - (weighed(plain, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11 === Number(plain[9]),
  // Looser than the stdnum package, which also asks for a county that is in use.
  "RO.cnp": (plain) =>
    /^[1-9]\d{12}$/.test(plain) &&
    isDate(plain.slice(3, 5), plain.slice(5, 7)) &&
    (weighed(plain, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11) % 10 === Number(plain[12]),
  "BR.cpf": (plain) =>
    /^\d{11}$/.test(plain) && brazilianDigit(plain, 9) === Number(plain[9]) && brazilianDigit(plain, 10) === Number(plain[10]),
  "SG.nric": (plain) => /^[STFGM]\d{7}[A-Z]$/.test(plain) && nricLetter(plain) === plain[8],
  "HU.taj": (plain) => /^\d{9}$/.test(plain) && weighed(plain, [3, 7, 3, 7, 3, 7, 3, 7]) % 10 === Number(plain[8]),
  "HU.tax": (plain) => /^8\d{9}$/.test(plain) && weighed(plain, [1, 2, 3, 4, 5, 6, 7, 8, 9]) % 11 === Number(plain[9]),
  "HU.personal": (plain) => /^[1-8]\d{10}$/.test(plain) && weighed(plain, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 === Number(plain[10]),
  "RU.snils": (plain) => /^\d{11}$/.test(plain) && (weighed(plain, [9, 8, 7, 6, 5, 4, 3, 2, 1]) % 101) % 100 === Number(plain.slice(9)),
  // Japan's individual number: 12 digits, the last by weights 6 to 2, 7 to 2 (Cabinet order 155 of 2014).
  "JP.individual": (plain) =>
    /^\d{12}$/.test(plain) && lastOf(weighed(plain, [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11) === Number(plain[11]),
  "KZ.iin": (plain) => /^\d{12}$/.test(plain) && isDate(plain.slice(2, 4), plain.slice(4, 6)) && kazakhDigit(plain) === Number(plain[11]),
  "AU.medicare": (plain) => /^[2-6]\d{9,10}$/.test(plain) && weighed(plain, [1, 3, 7, 9, 1, 3, 7, 9]) % 10 === Number(plain[8]),
  "AU.ihi": (plain) => /^800360\d{10}$/.test(plain) && luhn(plain),
  "CA.ohip": (plain) => /^\d{10}(?:[A-Z]{2})?$/.test(plain) && luhn(plain.slice(0, 10)),
  "CA.ramq": (plain) => /^[A-Z]{4}\d{8}$/.test(plain) && isDate(String(Number(plain.slice(6, 8)) % 50), plain.slice(8, 10)),
  "LV.personal": (plain) =>
    /^\d{11}$/.test(plain) &&
    (/^3[2-9]/.test(plain) ||
      (isDate(plain.slice(2, 4), plain.slice(0, 2)) &&
        (1101 - weighed(plain, [1, 6, 3, 7, 9, 10, 5, 8, 4, 2])) % 11 === Number(plain[10]))),
  "ID.nik": (plain) => /^[1-9]\d{15}$/.test(plain) && isDate(plain.slice(8, 10), String(Number(plain.slice(6, 8)) % 40)),
  "EG.national": (plain) => /^[23]\d{13}$/.test(plain) && isDate(plain.slice(3, 5), plain.slice(5, 7)),
  "IR.melli": (plain) => /^\d{10}$/.test(plain) && iranianDigit(plain) === Number(plain[9]),
  "SA.national": (plain) => /^[12]\d{9}$/.test(plain) && luhn(plain),
  "AE.id": (plain) => /^784(?:19|20)\d{10}$/.test(plain),
  "LK.nic": (plain) => /^\d{9}[VX]$/.test(plain) || /^(?:19|20)\d{10}$/.test(plain),
  "DE.health": (plain) => /^[A-Z]\d{9}$/.test(plain) && germanHealthDigit(plain) === Number(plain[9]),
  "MD.idnp": (plain) => /^[02]\d{12}$/.test(plain) && weighed(plain, [7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1]) % 10 === Number(plain[12]),
  "UZ.pinfl": (plain) => /^[1-6]\d{13}$/.test(plain) && weighed(plain, [7, 3, 1, 7, 3, 1, 7, 3, 1, 7, 3, 1, 7]) % 10 === Number(plain[13]),
  "BY.personal": (plain) => /^[1-6]\d{6}[ABCHKEM]\d{3}(?:PB|BA|BI)\d$/.test(plain),
  "LU.matricule": (plain) => /^(?:18|19|20)\d{11}$/.test(plain) && isDate(plain.slice(4, 6), plain.slice(6, 8)),
  // A taxpayer number for those without an SSN begins with 9 (IRS publication 1915).
  "US.itin": (plain) => /^9\d{2}(?:5\d|6[0-5]|7\d|8[0-8]|9[0-2]|9[4-9])\d{4}$/.test(plain),
  "US.mbi": (plain) =>
    /^[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d[AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y]\d[AC-HJKMNP-RT-Y]{2}\d{2}$/.test(plain),
  "US.npi": (plain) => /^[12]\d{9}$/.test(plain) && luhn(`80840${plain}`),
  "NZ.nhi": (plain) => /^[A-HJ-NP-Z]{3}\d{4}$/.test(plain) || /^[A-HJ-NP-Z]{3}\d{2}[A-HJ-NP-Z]{2}$/.test(plain),
  // In prose "run" is a common word, so the number must be written as Chileans write it.
  "CL.rut-formatted": (_plain, raw) => /^\d{1,2}\.?\d{3}\.?\d{3}-[\dkK]$/.test(raw),
  "EU.ehic": (plain) => /^80\d{18}$/.test(plain),
  imei: (plain) => /^\d{15}$/.test(plain) && luhn(plain),
  imeisv: (plain) => /^\d{16}$/.test(plain),
};

/** Only a form: the word right before it says the rest. */
const LOOSE: Readonly<Record<string, (plain: string, raw: string) => boolean>> = {
  "form.digits": (plain) => /^\d{7,14}$/.test(plain),
  "form.ssn": (plain) => /^\d{9}$/.test(plain) && !/^(?:000|666|9)/.test(plain) && !/^\d{3}00/.test(plain) && !/0000$/.test(plain),
  "form.id": (plain) => /^(?=(?:\D*\d){5})[A-Z0-9]{6,16}$/.test(plain),
  "form.passport": (plain, raw) => /^(?=(?:\D*\d){2})[A-Z0-9]{6,10}$/.test(plain) && (/^[^a-z]+$/.test(raw) || /\d{4}/.test(plain)),
  "form.licence": (plain) => /^(?=(?:\D*\d){3})[A-Z0-9]{6,18}$/.test(plain),
  "form.account": (plain) => /^\d{5,20}$/.test(plain),
  "form.sort-code": (plain) => /^\d{6}(?:\d{3})?$/.test(plain),
  "form.insurance": (plain) => /^(?=(?:\D*\d){5})[A-Z0-9]{7,20}$/.test(plain),
  "form.ein": (plain, raw) => /^\d{2}-\d{7}$/.test(raw) || /^\d{9}$/.test(plain),
};

export const OWN_CHECKS: ReadonlyMap<string, OwnCheck> = new Map([
  ...Object.entries(PROVING).map(([name, holds]): [string, OwnCheck] => [name, { isLoose: false, holds }]),
  ...Object.entries(LOOSE).map(([name, holds]): [string, OwnCheck] => [name, { isLoose: true, holds }]),
]);

function weighed(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, index) => sum + weight * Number(digits[index]), 0);
}

function brazilianDigit(plain: string, length: number): number {
  const rest =
    weighed(
      plain,
      Array.from({ length }, (_, index) => length + 1 - index),
    ) % 11;
  return rest < 2 ? 0 : 11 - rest;
}

function isDate(month: string, day: string): boolean {
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31;
}

function lastOf(rest: number): number {
  return rest <= 1 ? 0 : 11 - rest;
}

function nricLetter(plain: string): string | undefined {
  const shift = plain[0] === "T" || plain[0] === "G" ? 4 : plain[0] === "M" ? 3 : 0;
  const rest = (weighed(plain.slice(1), [2, 7, 6, 5, 4, 3, 2]) + shift) % 11;
  return (plain[0] === "M" ? "XWUTRQPNJLK" : /^[ST]/.test(plain) ? "JZIHGFEDCBA" : "XWUTRQPNMLK")[rest];
}

function kazakhDigit(plain: string): number {
  const first = weighed(plain, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) % 11;
  return first < 10 ? first : weighed(plain, [3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2]) % 11;
}

function iranianDigit(plain: string): number {
  const rest = weighed(plain, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11;
  return rest < 2 ? rest : 11 - rest;
}

/** § 290 SGB V: the letter as two digits, then weights 1 and 2 with the digits of each product summed. */
function germanHealthDigit(plain: string): number {
  const letter = String((plain.codePointAt(0) ?? 65) - 64).padStart(2, "0");
  const sum = [...(letter + plain.slice(1, 9))].reduce((total, digit, index) => {
    const product = Number(digit) * (index % 2 === 0 ? 1 : 2);
    return total + (product > 9 ? product - 9 : product);
  }, 0);
  return sum % 10;
}
