/** Check digit algorithms, from the standards' own descriptions; written apart from any validator that the product uses. */

export function digitsOf(text: string): number[] {
  return [...text].map(Number);
}

export function weightedSum(digits: string, weights: readonly number[]): number {
  return digitsOf(digits).reduce((sum, digit, index) => sum + digit * (weights[index] ?? 0), 0);
}

/** ISO/IEC 7812-1, annex B: the digit that completes `payload`. */
export function luhnDigit(payload: string): string {
  const sum = digitsOf(payload)
    .reverse()
    .reduce((total, digit, index) => total + (index % 2 === 0 ? (digit * 2 > 9 ? digit * 2 - 9 : digit * 2) : digit), 0);
  return String((10 - (sum % 10)) % 10);
}

export function passesLuhn(digits: string): boolean {
  return luhnDigit(digits.slice(0, -1)) === digits.slice(-1);
}

/** ISO 7064 MOD 11,10 (German tax id, Croatian OIB). */
export function mod1110Digit(payload: string): string {
  let product = 10;
  for (const digit of digitsOf(payload)) {
    const sum = (digit + product) % 10 || 10;
    product = (sum * 2) % 11;
  }
  return String((11 - product) % 10);
}

/** ISO 7064 MOD 11-2 (Chinese resident identity number). */
export function mod112Digit(payload: string): string {
  let state = 0;
  for (const digit of digitsOf(payload)) state = ((state + digit) * 2) % 11;
  const check = (12 - state) % 11;
  return check === 10 ? "X" : String(check);
}

/** Remainder of a long decimal, letters counting A=10 … Z=35 (ISO 13616, ISO 7064 MOD 97-10). */
export function remainder(text: string, modulus: number): number {
  let state = 0;
  for (const character of text) {
    for (const digit of String(parseInt(character, 36))) state = (state * 10 + Number(digit)) % modulus;
  }
  return state;
}

const DIHEDRAL = [
  "0123456789",
  "1234067895",
  "2340178956",
  "3401289567",
  "4012395678",
  "5987604321",
  "6598710432",
  "7659821043",
  "8765932104",
  "9876543210",
];
const PERMUTE = ["0123456789", "1576283094", "5803796142", "8916043527", "9453126870", "4286573901", "2793806415", "7046913258"];
const INVERSE = "0432156789";

/** Verhoeff's digit over the dihedral group of order 10 (Aadhaar). */
export function verhoeffDigit(payload: string): string {
  let state = 0;
  for (const [index, digit] of digitsOf(payload).reverse().entries()) {
    const permuted = Number((PERMUTE[(index + 1) % 8] ?? "").charAt(digit));
    state = Number((DIHEDRAL[state] ?? "").charAt(permuted));
  }
  return INVERSE.charAt(state);
}

/** Draws until the maker gives a value: some payloads have no valid check digit. */
export function until<T>(make: () => T | undefined): T {
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const value = make();
    if (value !== undefined) return value;
  }
  throw new RangeError("no valid value in 1,000 draws");
}
