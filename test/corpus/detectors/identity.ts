import type { DetectorKind } from "../specimen.js";
import { HELD_BACK_IDS } from "../values/national-ids-held-back.js";
import { birth, leading, type NationalId } from "../values/national-id.js";
import { OPEN_IDS } from "../values/national-ids-open.js";
import { UPPER } from "../random.js";

const OPEN_SENTENCES = ["{word}: {}", "Validation failed for {word} {}", "Row 14 rejected, {word} {} already exists"];
const HELD_BACK_SENTENCES = [
  "The annotator typed the {word} {} into the comment",
  "lookup by {word}={} returned 0 rows",
  "{word} {} does not match the patient",
];

export const IDENTITY: readonly DetectorKind[] = [
  // The split decides the country: whole locales are held back, and open countries come again with held-back sentences.
  numbers("national-id", 8),
  numbers("health-id", 1),
  numbers("tax-id", 2),
  {
    kind: "passport",
    category: "pii",
    open: { keys: ["passport_number", "passport_no"], prose: ["Passport number {} is expired", "passport no. {} could not be read"] },
    heldBack: {
      keys: ["passport", "travel_document_number"],
      prose: ["Holder of passport {} is not on the list", "OCR of the passport gave {}"],
    },
    draw: (rng, split) => ({
      value: split === "open" ? rng.pick([leading(rng, 9), `C${rng.digits(8)}`]) : `${rng.text(UPPER, 2)}${leading(rng, 7)}`,
    }),
  },
  {
    kind: "driving-licence",
    category: "pii",
    open: { keys: ["driving_licence", "drivers_license"], prose: ["Driver's license {} was not accepted", "driving licence number {}"] },
    heldBack: {
      keys: ["driver_license_number", "driving_licence_no"],
      prose: ["Driving licence {} is blurred in the frame", "driver's licence no: {}"],
    },
    draw: (rng, split) => ({
      value:
        split === "open"
          ? `${rng.text(UPPER, 1)}${leading(rng, 7)}`
          : `${rng.text("BCDFGHJKLM", 5)}${rng.digits(6)}${rng.text(UPPER, 2)}${rng.digits(1)}${rng.text(UPPER, 2)}`,
    }),
  },
  {
    kind: "date-of-birth",
    category: "pii",
    open: { keys: ["date_of_birth", "dob"], prose: ["Patient born {} has two studies", "DOB: {}"] },
    heldBack: {
      keys: ["birth_date", "birthday"],
      prose: ["date of birth {} is in the DICOM header", "Subject born on {} withdrew consent"],
    },
    draw(rng, split) {
      const born = birth(rng);
      const held = [`${born.dd}.${born.mm}.${born.year}`, `${born.day} ${MONTHS[born.month - 1] ?? "May"} ${born.year}`];
      return { value: rng.pick(split === "open" ? [`${born.year}-${born.mm}-${born.dd}`, `${born.mm}/${born.dd}/${born.year}`] : held) };
    },
  },
];

const MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

function numbers(family: NationalId["family"], weight: number): DetectorKind {
  const open = OPEN_IDS.filter((id) => id.family === family);
  const heldBack = HELD_BACK_IDS.filter((id) => id.family === family);
  return {
    kind: family,
    category: "pii",
    weight,
    open: { keys: [], prose: [] },
    heldBack: { keys: [], prose: [] },
    draw(rng, split) {
      const id = rng.pick(split === "open" || rng.chance(0.5) ? open : heldBack);
      const sentences = split === "open" ? OPEN_SENTENCES : HELD_BACK_SENTENCES;
      const word = rng.pick(id.words);
      const context = { keys: id.keys, prose: sentences.map((sentence) => sentence.replace("{word}", () => word)) };
      return { value: id.make(rng), locale: id.locale, variant: id.name, context };
    },
  };
}
