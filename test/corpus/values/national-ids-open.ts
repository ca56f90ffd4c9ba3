import { type Rng, UPPER } from "../random.js";
import { luhnDigit, mod1110Digit, mod112Digit, remainder, until, verhoeffDigit, weightedSum } from "./check-digits.js";
import { codiceFiscale, curp } from "./name-coded-ids.js";
import { birth, leading, type NationalId, two } from "./national-id.js";

/** Countries that the rules' author may see. */
export const OPEN_IDS: readonly NationalId[] = [
  id("us-ssn", "en-US", ["ssn", "social_security_number"], ["SSN", "social security number"], (rng) => {
    const area = until(() => {
      const drawn = rng.int(1, 899);
      return drawn === 666 ? undefined : String(drawn).padStart(3, "0");
    });
    return `${area}-${two(rng.int(1, 99))}-${String(rng.int(1, 9999)).padStart(4, "0")}`;
  }),
  id("gb-nino", "en-GB", ["nino", "national_insurance_number"], ["national insurance number", "NI number"], (rng) => {
    const prefix = rng.pick(["AB", "CE", "HJ", "JG", "KL", "MX", "PR", "SA", "TW", "YZ"]);
    const parts = [prefix, rng.digits(2), rng.digits(2), rng.digits(2), rng.pick(["A", "B", "C", "D"])];
    return parts.join(rng.pick(["", " "]));
  }),
  id("nl-bsn", "nl-NL", ["bsn", "burgerservicenummer"], ["BSN", "burgerservicenummer"], (rng) =>
    until(() => {
      const payload = leading(rng, 8);
      const rest = weightedSum(payload, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
      return rest === 10 ? undefined : payload + rest;
    }),
  ),
  id("be-nn", "nl-BE", ["rijksregisternummer", "national_number"], ["rijksregisternummer", "numéro national"], (rng) => {
    const born = birth(rng, 1945, 1999);
    const payload = born.yy + born.mm + born.dd + String(rng.int(1, 997)).padStart(3, "0");
    const check = two(97 - (Number(payload) % 97));
    return rng.chance(0.5) ? `${born.yy}.${born.mm}.${born.dd}-${payload.slice(6)}.${check}` : payload + check;
  }),
  id("fr-nir", "fr-FR", ["nir", "numero_securite_sociale"], ["NIR", "numéro de sécurité sociale"], (rng) => {
    const born = birth(rng);
    const department = two(rng.int(1, 95)).replace("20", "21");
    const payload = rng.pick(["1", "2"]) + born.yy + born.mm + department + String(rng.int(1, 600)).padStart(3, "0") + leading(rng, 3);
    return payload + two(97 - remainder(payload, 97));
  }),
  id("es-dni", "es-ES", ["dni", "nif"], ["DNI", "NIF"], (rng) => {
    const payload = leading(rng, 8);
    return payload + "TRWAGMYFPDXBNJZSQVHLCKE".charAt(Number(payload) % 23);
  }),
  id("es-nie", "es-ES", ["nie", "numero_extranjero"], ["NIE"], (rng) => {
    const prefix = rng.int(0, 2);
    const payload = rng.digits(7);
    return "XYZ".charAt(prefix) + payload + "TRWAGMYFPDXBNJZSQVHLCKE".charAt(Number(`${prefix}${payload}`) % 23);
  }),
  id("it-codice-fiscale", "it-IT", ["codice_fiscale", "cf"], ["codice fiscale"], codiceFiscale),
  id("pl-pesel", "pl-PL", ["pesel"], ["PESEL"], (rng) => {
    const born = birth(rng, 1945, 1999);
    const payload = born.yy + born.mm + born.dd + rng.digits(4);
    return payload + ((10 - (weightedSum(payload, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10);
  }),
  id("br-cpf", "pt-BR", ["cpf"], ["CPF"], (rng) => {
    const nine = leading(rng, 9);
    const first = brazilian(nine, 10);
    const second = brazilian(nine + first, 11);
    const digits = nine + first + second;
    return rng.chance(0.7) ? digits.replace(/^(...)(...)(...)(..)$/, "$1.$2.$3-$4") : digits;
  }),
  id("ch-ahv", "de-CH", ["ahv_nr", "ahv_nummer"], ["AHV-Nummer", "AHV number"], (rng) => {
    const payload = `756${rng.digits(9)}`;
    const check = (10 - (weightedSum(payload, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10)) % 10;
    return `${payload}${check}`.replace(/^(...)(....)(....)(..)$/, "$1.$2.$3.$4");
  }),
  id("dk-cpr", "da-DK", ["cpr", "cpr_nummer"], ["CPR-nummer", "CPR number"], (rng) =>
    until(() => {
      const born = birth(rng, 1940, 1999);
      const payload = born.dd + born.mm + born.yy + rng.int(0, 3) + rng.digits(2);
      const rest = weightedSum(payload, [4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
      if (rest === 1) return undefined;
      return `${payload.slice(0, 6)}-${payload.slice(6)}${(11 - rest) % 11}`;
    }),
  ),
  id("no-fodselsnummer", "nb-NO", ["fodselsnummer", "personal_id_number"], ["fødselsnummer", "personal id number"], (rng) =>
    until(() => {
      const born = birth(rng, 1945, 1999);
      const payload = born.dd + born.mm + born.yy + String(rng.int(0, 499)).padStart(3, "0");
      const first = (11 - (weightedSum(payload, [3, 7, 6, 1, 8, 9, 4, 5, 2]) % 11)) % 11;
      const second = (11 - (weightedSum(payload + first, [5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
      return first === 10 || second === 10 ? undefined : `${payload}${first}${second}`;
    }),
  ),
  id("ro-cnp", "ro-RO", ["cnp", "cod_numeric_personal"], ["CNP", "cod numeric personal"], (rng) => {
    const born = birth(rng, 1945, 1999);
    const payload = rng.pick(["1", "2"]) + born.yy + born.mm + born.dd + two(rng.int(1, 40)) + String(rng.int(1, 999)).padStart(3, "0");
    const rest = weightedSum(payload, [2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9]) % 11;
    return payload + (rest === 10 ? 1 : rest);
  }),
  id("bg-egn", "bg-BG", ["egn"], ["EGN"], (rng) => {
    const born = birth(rng, 1945, 1999);
    const payload = born.yy + born.mm + born.dd + rng.digits(3);
    return payload + ((weightedSum(payload, [2, 4, 8, 5, 10, 9, 7, 3, 6]) % 11) % 10);
  }),
  id("hr-oib", "hr-HR", ["oib"], ["OIB"], (rng) => {
    const payload = leading(rng, 10);
    return payload + mod1110Digit(payload);
  }),
  id("ca-sin", "en-CA", ["sin", "social_insurance_number"], ["SIN", "social insurance number"], (rng) => {
    const payload = rng.int(1, 7) + rng.digits(7);
    const digits = payload + luhnDigit(payload);
    return rng.chance(0.5) ? digits.replace(/^(...)(...)(...)$/, rng.pick(["$1-$2-$3", "$1 $2 $3"])) : digits;
  }),
  id("mx-curp", "es-MX", ["curp"], ["CURP"], curp),
  id("cl-rut", "es-CL", ["rut", "run"], ["RUT", "RUN"], (rng) => {
    const payload = String(rng.int(5_000_000, 25_999_999));
    const sum = [...payload].reverse().reduce((total, digit, index) => total + Number(digit) * (2 + (index % 6)), 0);
    const check = "0K987654321".charAt(sum % 11);
    const dotted = payload.replace(/\B(?=(\d{3})+$)/g, ".");
    return `${rng.chance(0.6) ? dotted : payload}-${check}`;
  }),
  id("in-aadhaar", "en-IN", ["aadhaar", "aadhaar_number"], ["Aadhaar", "Aadhaar number"], (rng) => {
    const payload = rng.int(2, 9) + rng.digits(10);
    const digits = payload + verhoeffDigit(payload);
    return rng.chance(0.5) ? digits.replace(/^(....)(....)(....)$/, "$1 $2 $3") : digits;
  }),
  id(
    "in-pan",
    "en-IN",
    ["pan", "pan_number"],
    ["PAN card", "permanent account number"],
    (rng) => {
      return `${rng.text(UPPER, 3)}P${rng.text(UPPER, 1)}${String(rng.int(1, 9999)).padStart(4, "0")}${rng.text(UPPER, 1)}`;
    },
    "tax-id",
  ),
  id("cn-ric", "zh-CN", ["id_card_no", "resident_id"], ["resident identity card", "身份证"], (rng) => {
    const born = birth(rng);
    const region = rng.pick(["110101", "310104", "440305", "330106", "510107", "320102"]);
    const payload = region + born.year + born.mm + born.dd + String(rng.int(1, 999)).padStart(3, "0");
    return payload + mod112Digit(payload);
  }),
  id("sg-nric", "en-SG", ["nric", "fin"], ["NRIC"], (rng) => {
    const letter = rng.pick(["S", "T"]);
    const payload = rng.digits(7);
    const sum = weightedSum(payload, [2, 7, 6, 5, 4, 3, 2]) + (letter === "T" ? 4 : 0);
    return letter + payload + "JZIHGFEDCBA".charAt(sum % 11);
  }),
  id(
    "gb-nhs",
    "en-GB",
    ["nhs_number"],
    ["NHS number"],
    (rng) =>
      until(() => {
        const payload = leading(rng, 9);
        const check = 11 - (weightedSum(payload, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11);
        if (check === 10) return undefined;
        return `${payload}${check % 11}`.replace(/^(...)(...)(....)$/, rng.pick(["$1 $2 $3", "$1$2$3"]));
      }),
    "health-id",
  ),
  id(
    "de-idnr",
    "de-DE",
    ["steuer_id", "steueridentifikationsnummer"],
    ["Steuer-ID", "steuerliche Identifikationsnummer"],
    germanTaxId,
    "tax-id",
  ),
  id(
    "pt-nif",
    "pt-PT",
    ["nif", "contribuinte"],
    ["NIF", "número de contribuinte"],
    (rng) => {
      const payload = rng.pick(["1", "2"]) + rng.digits(7);
      const rest = weightedSum(payload, [9, 8, 7, 6, 5, 4, 3, 2]) % 11;
      return payload + (rest < 2 ? 0 : 11 - rest);
    },
    "tax-id",
  ),
  id(
    "us-ein",
    "en-US",
    ["ein", "employer_identification_number"],
    ["EIN", "employer identification number"],
    (rng) => {
      return `${rng.pick(["12", "20", "27", "35", "46", "52", "61", "74", "83", "95"])}-${leading(rng, 7)}`;
    },
    "tax-id",
  ),
];

/** Exactly one digit of the first ten occurs twice (or thrice), one or two are missing: the tax office's rule. */
function germanTaxId(rng: Rng): string {
  const ten = rng.sample("0123456789".split(""), 10);
  const [first, second] = rng.sample([1, 2, 3, 4, 5, 6, 7, 8, 9], 2);
  ten[first ?? 1] = ten[second ?? 2] ?? "0";
  if (ten[0] === "0") ten.push(ten.shift() ?? "0");
  const payload = ten.join("");
  if (payload.startsWith("0")) return germanTaxId(rng);
  return payload + mod1110Digit(payload);
}

function brazilian(digits: string, from: number): number {
  const sum = [...digits].reduce((total, digit, index) => total + Number(digit) * (from - index), 0);
  return ((sum * 10) % 11) % 10;
}

function id(
  name: string,
  locale: string,
  keys: readonly string[],
  words: readonly string[],
  make: (rng: Rng) => string,
  family: NationalId["family"] = "national-id",
): NationalId {
  return { name, locale, keys, words, make, family };
}
