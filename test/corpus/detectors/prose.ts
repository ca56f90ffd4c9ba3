import type { Split } from "../labelled-case.js";
import type { Rng } from "../random.js";
import type { DetectorKind, Drawn } from "../specimen.js";
import { person } from "../values/people.js";

interface Places {
  readonly cities: readonly string[];
  address(rng: Rng, city: string): string;
}

const PLACES: Readonly<Record<Split, Readonly<Record<string, Places>>>> = {
  open: {
    "en-US": {
      cities: ["Springfield, IL 62704", "Dayton, OH 45402", "Eugene, OR 97401"],
      address: (rng, city) => `${rng.int(12, 9800)} ${rng.pick(["Maple Street", "Oak Avenue", "Hillcrest Drive", "W 4th St"])}, ${city}`,
    },
    "en-GB": {
      cities: ["Leeds LS1 4DY", "Bristol BS8 1TH", "London SW1A 2AB"],
      address: (rng, city) => `${rng.int(2, 180)} ${rng.pick(["Church Lane", "Victoria Road", "High Street"])}, ${city}`,
    },
    "de-DE": {
      cities: ["10115 Berlin", "80331 München", "50667 Köln"],
      address: (rng, city) => `${rng.pick(["Lindenstraße", "Bahnhofstraße", "Goethestr."])} ${rng.int(1, 140)}, ${city}`,
    },
    "nl-NL": {
      cities: ["3011 AB Rotterdam", "1017 RT Amsterdam", "3511 LX Utrecht"],
      address: (rng, city) => `${rng.pick(["Kerkstraat", "Prinsengracht", "Molenweg"])} ${rng.int(1, 300)}, ${city}`,
    },
    "fr-FR": {
      cities: ["75011 Paris", "69002 Lyon", "31000 Toulouse"],
      address: (rng, city) =>
        `${rng.int(1, 120)} ${rng.pick(["rue Victor Hugo", "avenue de la République", "boulevard Voltaire"])}, ${city}`,
    },
  },
  "held-back": {
    "en-AU": {
      cities: ["Fitzroy VIC 3065", "Newtown NSW 2042", "Toowong QLD 4066"],
      address: (rng, city) => `${rng.int(1, 220)} ${rng.pick(["Brunswick Street", "Wattle Road", "Harbour Parade"])}, ${city}`,
    },
    "en-US": {
      cities: ["Boise, ID 83702", "Austin, TX 78701-2034", "Burlington, VT 05401"],
      address: (rng, city) =>
        `${rng.int(100, 4800)} ${rng.pick(["Cedar Blvd", "Lakeview Court", "Pine Ridge Rd"])}, ${rng.pick(["Apt 4B, ", "Suite 210, ", ""])}${city}`,
    },
    "it-IT": {
      cities: ["20121 Milano", "50122 Firenze", "00184 Roma"],
      address: (rng, city) => `${rng.pick(["Via Garibaldi", "Piazza Dante", "Corso Italia"])} ${rng.int(1, 90)}, ${city}`,
    },
    "es-ES": {
      cities: ["28004 Madrid", "08015 Barcelona", "41003 Sevilla"],
      address: (rng, city) => `${rng.pick(["Calle Mayor", "Avenida de la Constitución", "Calle del Carmen"])} ${rng.int(1, 90)}, ${city}`,
    },
    "sv-SE": {
      cities: ["114 32 Stockholm", "411 05 Göteborg", "222 22 Lund"],
      address: (rng, city) => `${rng.pick(["Storgatan", "Kungsgatan", "Björkvägen"])} ${rng.int(1, 80)}, ${city}`,
    },
  },
};

/** What people write in their own language; the locale decides the split. */
const LOCAL_PROSE: Readonly<Record<string, readonly string[]>> = {
  "de-DE": ["Bitte wenden Sie sich an Herrn {}", "Frau {} hat den Export abgebrochen"],
  "fr-FR": ["Le fichier a été validé par Mme {}", "Bonjour, je m'appelle {} et je ne vois pas la tâche"],
  "nl-NL": ["Met vriendelijke groet, {}", "De taak is overgedragen aan mevrouw {}"],
  "es-ES": ["El Sr. {} pidió repetir la importación", "Me llamo {} y no puedo entrar"],
  "it-IT": ["Il dott. {} ha chiesto una nuova esportazione", "Mi chiamo {} e non vedo il progetto"],
  "sv-SE": ["Jag heter {} och kan inte logga in", "Med vänliga hälsningar, {}"],
};

export const PROSE: readonly DetectorKind[] = [
  {
    kind: "person-name-prose",
    category: "pii",
    soft: true,
    weight: 6,
    open: {
      keys: ["note"],
      prose: [
        "Task was reassigned to {} yesterday",
        "My name is {} and I can't open the export",
        "Dr. {} asked to re-run the job",
        "Please ask {} to approve the guide",
        "{} reported that the upload hangs at 80 percent",
        "Annotations reviewed by {}, second pass needed",
      ],
    },
    heldBack: {
      keys: ["remark"],
      prose: [
        "According to {} the label set is outdated",
        "Hi, this is {} from the radiology team",
        "Ms. {} wants her account closed",
        "The consent form was signed by {} on paper",
        "{} complained about slow page loads",
        "Meeting notes: {} will check the failed imports",
        "Prof. {} shared the directory with the whole group",
        "we told {} that the workflow is paused",
      ],
    },
    draw(rng, split): Drawn {
      const who = person(rng, split);
      const local = LOCAL_PROSE[who.locale];
      if (local !== undefined && rng.chance(0.3)) return { value: who.full, locale: who.locale, context: { keys: ["text"], prose: local } };
      return { value: who.full, locale: who.locale };
    },
  },
  {
    kind: "person-name-field",
    category: "pii",
    open: { keys: ["full_name", "first_name", "last_name", "user_name"], prose: [] },
    heldBack: { keys: ["firstName", "surname", "patient_name", "family_name"], prose: [] },
    draw(rng, split): Drawn {
      const who = person(rng, split);
      const key = rng.pick(
        split === "open" ? ["full_name", "first_name", "last_name"] : ["firstName", "surname", "patient_name", "family_name"],
      );
      const value = /first/i.test(key) ? who.given : /full|patient/.test(key) ? who.full : who.family;
      return { value, locale: who.locale, context: { keys: [key], prose: [] } };
    },
  },
  {
    kind: "postal-address-prose",
    category: "pii",
    soft: true,
    weight: 4,
    open: { keys: ["note"], prose: ["Ship the drive to {}", "Customer lives at {}", "Address on file: {}"] },
    heldBack: {
      keys: ["remark"],
      prose: [
        "The clinic moved to {} last month",
        "Please send the signed form to {} by post",
        "Scanner is installed at {}",
        "the letter came back from {}",
      ],
    },
    draw: (rng, split) => address(rng, split),
  },
  {
    kind: "postal-address-field",
    category: "pii",
    open: { keys: ["address", "street_address"], prose: [] },
    heldBack: { keys: ["postal_address", "home_address"], prose: [] },
    draw: (rng, split) => address(rng, split),
  },
];

function address(rng: Rng, split: Split): Drawn {
  const table = PLACES[split];
  const locale = rng.pick(Object.keys(table));
  const places = table[locale];
  if (places === undefined) throw new RangeError(`no places for ${locale}`);
  return { value: places.address(rng, rng.pick(places.cities)), locale };
}
