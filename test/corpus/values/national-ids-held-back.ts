import type { Rng } from "../random.js";
import { luhnDigit, until, weightedSum } from "./check-digits.js";
import { birth, leading, type NationalId, two } from "./national-id.js";

/** Countries held back from the rules' author. */
export const HELD_BACK_IDS: readonly NationalId[] = [
  id(
    "se-personnummer",
    "sv-SE",
    ["personnummer", "personal_identity_number"],
    ["personnummer", "Swedish personal identity number"],
    (rng) => {
      const born = birth(rng);
      const payload = born.yy + born.mm + born.dd + rng.digits(3);
      const century = rng.chance(0.5) ? String(born.year).slice(0, 2) : "";
      return `${century}${payload.slice(0, 6)}-${payload.slice(6)}${luhnDigit(payload)}`;
    },
  ),
  id("fi-hetu", "fi-FI", ["hetu", "henkilotunnus"], ["henkilötunnus", "HETU"], (rng) => {
    const born = birth(rng, 1945, 1999);
    const serial = String(rng.int(2, 899)).padStart(3, "0");
    const day = born.dd + born.mm + born.yy;
    return `${day}-${serial}${"0123456789ABCDEFHJKLMNPRSTUVWXY".charAt(Number(day + serial) % 31)}`;
  }),
  id("cz-rc", "cs-CZ", ["rodne_cislo", "birth_number"], ["rodné číslo", "Czech birth number"], (rng) =>
    until(() => {
      const born = birth(rng, 1954, 1999);
      const month = two(born.month + (rng.chance(0.5) ? 50 : 0));
      const payload = born.yy + month + born.dd + rng.digits(3);
      const rest = Number(payload) % 11;
      return rest === 10 ? undefined : `${payload.slice(0, 6)}/${payload.slice(6)}${rest}`;
    }),
  ),
  id("ee-ik", "et-EE", ["isikukood"], ["isikukood", "Estonian personal id code"], (rng) => baltic(rng)),
  id("lt-asmens", "lt-LT", ["asmens_kodas"], ["asmens kodas", "Lithuanian personal id code"], (rng) => baltic(rng)),
  id("tr-tckimlik", "tr-TR", ["tc_kimlik", "tc_kimlik_no"], ["TC Kimlik No", "T.C. kimlik numarası"], (rng) => {
    const nine = leading(rng, 9);
    const odd = weightedSum(nine, [1, 0, 1, 0, 1, 0, 1, 0, 1]);
    const even = weightedSum(nine, [0, 1, 0, 1, 0, 1, 0, 1]);
    const tenth = (((odd * 7 - even) % 10) + 10) % 10;
    return `${nine}${tenth}${(odd + even + tenth) % 10}`;
  }),
  id("za-id", "en-ZA", ["sa_id_number", "id_number"], ["South African ID number", "SA ID number"], (rng) => {
    const born = birth(rng);
    const payload = `${born.yy}${born.mm}${born.dd}${rng.digits(4)}08`;
    return payload + luhnDigit(payload);
  }),
  id("kr-rrn", "ko-KR", ["rrn", "resident_registration_number"], ["resident registration number", "주민등록번호"], (rng) => {
    const born = birth(rng, 1945, 1999);
    const payload = born.yy + born.mm + born.dd + rng.pick(["1", "2"]) + two(rng.int(0, 89)) + rng.digits(3);
    const check = (11 - (weightedSum(payload, [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5]) % 11)) % 10;
    return `${payload.slice(0, 6)}-${payload.slice(6)}${check}`;
  }),
  id("tw-natid", "zh-TW", ["tw_national_id", "national_id"], ["Taiwan national ID", "national identification number"], (rng) => {
    const letter = rng.pick("ABCDEFGHJKLMNPQRSTUVXYWZIO".split(""));
    const code = "ABCDEFGHJKLMNPQRSTUVXYWZIO".indexOf(letter) + 10;
    const payload = rng.pick(["1", "2"]) + rng.digits(7);
    const sum = Math.floor(code / 10) + (code % 10) * 9 + weightedSum(payload, [8, 7, 6, 5, 4, 3, 2, 1]);
    return letter + payload + ((10 - (sum % 10)) % 10);
  }),
  id("il-id", "he-IL", ["teudat_zehut", "israeli_id"], ["Teudat Zehut", "Israeli identity number"], (rng) => {
    const payload = leading(rng, 8);
    return payload + luhnDigit(payload);
  }),
  id(
    "gr-amka",
    "el-GR",
    ["amka"],
    ["AMKA"],
    (rng) => {
      const born = birth(rng, 1945, 1999);
      const payload = born.dd + born.mm + born.yy + rng.digits(4);
      return payload + luhnDigit(payload);
    },
    "health-id",
  ),
  id("th-pin", "th-TH", ["thai_national_id", "citizen_id"], ["Thai national ID", "citizen ID"], (rng) => {
    const payload = rng.int(1, 8) + rng.digits(11);
    const check = (11 - (weightedSum(payload, [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 10;
    const digits = `${payload}${check}`;
    return rng.chance(0.5) ? digits.replace(/^(.)(....)(.....)(..)(.)$/, "$1-$2-$3-$4-$5") : digits;
  }),
  id("my-nric", "ms-MY", ["mykad", "nric"], ["MyKad number", "NRIC"], (rng) => {
    const born = birth(rng);
    return `${born.yy}${born.mm}${born.dd}-${rng.pick(["01", "07", "10", "14"])}-${leading(rng, 4)}`;
  }),
  id("hk-hkid", "zh-HK", ["hkid", "hkid_number"], ["HKID", "Hong Kong identity card"], (rng) => {
    const letter = rng.pick("ABCDGHKPRVYZ".split(""));
    const payload = leading(rng, 6);
    const sum = 36 * 9 + (parseInt(letter, 36) * 8 + weightedSum(payload, [7, 6, 5, 4, 3, 2]));
    return `${letter}${payload}(${"0A987654321".charAt(sum % 11)})`;
  }),
  id("is-kennitala", "is-IS", ["kennitala"], ["kennitala"], (rng) =>
    until(() => {
      const born = birth(rng, 1945, 1999);
      const payload = born.dd + born.mm + born.yy + rng.int(20, 99);
      const check = (11 - (weightedSum(payload, [3, 2, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
      return check === 10 ? undefined : `${payload.slice(0, 6)}-${payload.slice(6)}${check}9`;
    }),
  ),
  id(
    "au-tfn",
    "en-AU",
    ["tfn", "tax_file_number"],
    ["TFN", "tax file number"],
    (rng) =>
      until(() => {
        const payload = leading(rng, 8);
        const partial = weightedSum(payload, [1, 4, 3, 7, 5, 8, 6, 9]) % 11;
        // The ninth weight is 10, which is -1 modulo 11.
        return partial === 10 ? undefined : `${payload}${partial}`.replace(/^(...)(...)(...)$/, rng.pick(["$1 $2 $3", "$1$2$3"]));
      }),
    "tax-id",
  ),
  id("ie-pps", "en-IE", ["pps_number", "ppsn"], ["PPS number", "PPSN"], (rng) => {
    const payload = leading(rng, 7);
    const check = weightedSum(payload, [8, 7, 6, 5, 4, 3, 2]) % 23;
    return payload + "WABCDEFGHIJKLMNOPQRSTUV".charAt(check);
  }),
];

function baltic(rng: Rng): string {
  const born = birth(rng, 1945, 1999);
  const payload = rng.pick(["3", "4"]) + born.yy + born.mm + born.dd + rng.digits(3);
  const first = weightedSum(payload, [1, 2, 3, 4, 5, 6, 7, 8, 9, 1]) % 11;
  const second = weightedSum(payload, [3, 4, 5, 6, 7, 8, 9, 1, 2, 3]) % 11;
  return payload + (first < 10 ? first : second % 10);
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
