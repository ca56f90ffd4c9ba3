/** Where a node stands, as a chain up to the root, so that a pointer is spelled out only for what is found. */
export interface Place {
  readonly parent: Place | undefined;
  readonly step: string | number;
}

/** Names that may stand in a pointer as they are: those that a schema or a rule names. */
export interface KnownNames {
  has(name: string): boolean;
  /** Whether a rule judges the member by this name. */
  isRuleKey(name: string): boolean;
  /** Whether a word in the name says what number stands under it: `customer_bsn`. */
  isNumberName(name: string): boolean;
}

/** RFC 6901 pointer; a key that no schema or rule names stands as its pseudonym (invariant 7). */
export function pointerOf(place: Place | undefined, names: KnownNames, pseudonym: (key: string) => string): string {
  const steps: string[] = [];
  for (let at = place; at !== undefined; at = at.parent) {
    steps.push(typeof at.step === "number" ? String(at.step) : names.has(at.step) ? escapeStep(at.step) : pseudonym(at.step));
  }
  return steps
    .reverse()
    .map((step) => `/${step}`)
    .join("");
}

/** RFC 6901, section 3. */
function escapeStep(step: string): string {
  return step.includes("~") || step.includes("/") ? step.replaceAll("~", "~0").replaceAll("/", "~1") : step;
}

/** The nearest member key above, for rules that judge a value by its name. */
export function keyOf(place: Place | undefined): string | undefined {
  for (let at = place; at !== undefined; at = at.parent) {
    if (typeof at.step === "string") return at.step;
  }
  return undefined;
}

const compacted = new Map<string, string>();

/** `firstName`, `first-name` and `First_Name` are one name: lower case, letters and digits only. */
export function compactName(name: string): string {
  if (isPlain(name)) return name;
  const known = compacted.get(name);
  if (known !== undefined) return known;
  const compact = name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, "");
  // Bounded: keys come from hostile bodies.
  if (name.length <= 64 && compacted.size < 4096) compacted.set(name, compact);
  return compact;
}

/** Small letters of ASCII and digits alone. */
function isPlain(name: string): boolean {
  for (let at = 0; at < name.length; at += 1) {
    const code = name.charCodeAt(at);
    if (!((code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39))) return false;
  }
  return true;
}

const spaced = new Map<string, string>();

/** `phoneNumber`, `phone_number` and `ep.phone-number` as words: `phone number`, `ep phone number`. */
export function spacedName(name: string): string {
  const known = spaced.get(name);
  if (known !== undefined) return known;
  const words = /^[a-z0-9]+(?:_[a-z0-9]+)*$/.test(name) ? name.replaceAll("_", " ") : spacedOut(name);
  if (name.length <= 64 && spaced.size < 4096) spaced.set(name, words);
  return words;
}

function spacedOut(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .replace(/[_.\-\s[\]:]+/g, " ")
    .trim();
}

/** A name without a beacon's prefix, compact: `ep.label_names` is `labelnames`. */
export function baseName(name: string): string {
  return compactName(name.includes(".") && /^(?:ep|epn|up)\./.test(name) ? name.slice(name.indexOf(".") + 1) : name);
}
