import { UPPER } from "../random.js";
import type { DetectorKind } from "../specimen.js";
import { leading } from "../values/national-id.js";
import { luhnDigit, remainder } from "../values/check-digits.js";

/** Issuer prefixes with the number's length, and how it is printed on the card. */
const CARDS: readonly (readonly [prefix: string, length: number, grouped: RegExp])[] = [
  ["4", 16, /^(....)(....)(....)(....)$/],
  ["51", 16, /^(....)(....)(....)(....)$/],
  ["55", 16, /^(....)(....)(....)(....)$/],
  ["2221", 16, /^(....)(....)(....)(....)$/],
  ["37", 15, /^(....)(......)(.....)()$/],
  ["6011", 16, /^(....)(....)(....)(....)$/],
  ["3530", 16, /^(....)(....)(....)(....)$/],
];

/** Country, BBAN pattern: n digits, A letters. Open countries first, held-back ones after. */
const IBANS = {
  open: [
    ["DE", "n18"],
    ["NL", "A4n10"],
    ["GB", "A4n14"],
    ["FR", "n23"],
    ["ES", "n20"],
    ["BE", "n12"],
    ["CH", "n17"],
    ["AT", "n16"],
  ],
  "held-back": [
    ["SE", "n20"],
    ["IE", "A4n14"],
    ["FI", "n14"],
    ["DK", "n14"],
    ["CZ", "n20"],
    ["TR", "n22"],
    ["LT", "n16"],
  ],
} as const;

export const MONEY: readonly DetectorKind[] = [
  {
    kind: "payment-card",
    category: "pii",
    bare: true,
    weight: 2,
    open: { keys: ["card", "card_number"], prose: ["Card {} was declined", "payment failed for {}"] },
    heldBack: { keys: ["pan", "cc_number"], prose: ["Charge to {} needs authentication", "number={} gateway=timeout"] },
    draw(rng, split) {
      const [prefix, length, grouped] = rng.pick(CARDS);
      const payload = prefix + rng.digits(length - 1 - prefix.length);
      const digits = payload + luhnDigit(payload);
      const style = rng.pick(split === "open" ? ["", " "] : ["", "-", "."]);
      return { value: style === "" ? digits : digits.replace(grouped, ["$1", "$2", "$3", "$4"].join(style)).replace(/[-. ]$/, "") };
    },
  },
  {
    kind: "payment-card-number",
    category: "pii",
    open: { keys: ["card_number", "card"], prose: [] },
    heldBack: { keys: ["credit_card", "cardNumber"], prose: [] },
    draw(rng) {
      const payload = rng.pick(["4", "52", "54"]);
      const filled = payload + rng.digits(15 - payload.length);
      return { value: Number(filled + luhnDigit(filled)) };
    },
  },
  {
    kind: "iban",
    category: "pii",
    bare: true,
    open: { keys: ["iban", "account"], prose: ["Refund to {} failed", "IBAN {} rejected"] },
    heldBack: { keys: ["payout_iban", "beneficiary"], prose: ["SEPA mandate for {} expired", "wire to {} pending"] },
    draw(rng, split) {
      const [country, pattern] = rng.pick<readonly [string, string]>(IBANS[split]);
      const bban = pattern.replace(/([nA])(\d+)/g, (_, kind: string, count: string) =>
        kind === "n" ? rng.digits(Number(count)) : rng.text(UPPER, Number(count)),
      );
      const check = String(98 - remainder(`${bban}${country}00`, 97)).padStart(2, "0");
      const compact = country + check + bban;
      return { value: rng.chance(0.5) ? compact : compact.replace(/(.{4})(?=.)/g, "$1 "), locale: country };
    },
  },
  {
    kind: "bic",
    category: "pii",
    open: { keys: ["bic", "swift_code"], prose: ["BIC {} unknown", "SWIFT code {} not reachable"] },
    heldBack: { keys: ["swift", "swift_bic"], prose: ["beneficiary bank {} (SWIFT/BIC)", "bank identifier BIC={}"] },
    draw: (rng, split) => ({
      value: rng.pick(
        split === "open" ? ["DEUTDEFF", "INGBNL2A", "BNPAFRPP", "BARCGB22XXX"] : ["NDEASESS", "DABADKKK", "AIBKIE2D", "UBSWCHZH80A"],
      ),
    }),
  },
  {
    kind: "bank-account",
    category: "pii",
    open: { keys: ["bank_account", "account_number"], prose: ["bank account number {} is closed", "Bank account {} not verified"] },
    heldBack: {
      keys: ["bank_account_number", "bank_account_no"],
      prose: ["payout to bank account no. {} was returned", "account number: {} sort code: 20-45-11"],
    },
    draw: (rng) => ({ value: leading(rng, rng.int(8, 10)) }),
  },
];
