import type { Split } from "../labelled-case.js";
import type { Rng } from "../random.js";
import type { DetectorKind, Drawn } from "../specimen.js";
import { ascii, mailbox, person } from "../values/people.js";

/** International form, by numbering plan; the shapes are those that libphonenumber prints and people type. */
const PHONES: Readonly<Record<Split, readonly (readonly [locale: string, make: (rng: Rng) => string])[]>> = {
  open: [
    ["en-US", (rng) => `+1 ${rng.pick(["212", "415", "617", "303"])}-${rng.pick(["555", "634", "782"])}-${rng.digits(4)}`],
    ["en-GB", (rng) => `+44 20 7${rng.digits(3)} ${rng.digits(4)}`],
    ["de-DE", (rng) => `+49 30 ${rng.int(2, 9)}${rng.digits(6)}`],
    ["fr-FR", (rng) => `+33 6 ${rng.int(10, 38)} ${rng.digits(2)} ${rng.digits(2)} ${rng.digits(2)}`],
    ["nl-NL", (rng) => `+316${rng.int(1, 4)}${rng.digits(7)}`],
    ["es-ES", (rng) => `+34 6${rng.digits(2)} ${rng.digits(3)} ${rng.digits(3)}`],
    ["en-IN", (rng) => `+91 98${rng.digits(3)} ${rng.digits(5)}`],
    ["pt-BR", (rng) => `+55 11 9${rng.int(6, 9)}${rng.digits(3)}-${rng.digits(4)}`],
  ],
  "held-back": [
    ["sv-SE", (rng) => `+46 70 ${rng.int(2, 9)}${rng.digits(2)} ${rng.digits(2)} ${rng.digits(2)}`],
    ["it-IT", (rng) => `+39 34${rng.int(0, 9)} ${rng.digits(3)} ${rng.digits(4)}`],
    ["ja-JP", (rng) => `+81 90-${rng.int(1, 9)}${rng.digits(3)}-${rng.digits(4)}`],
    ["en-AU", (rng) => `+61 4${rng.int(10, 39)} ${rng.digits(3)} ${rng.digits(3)}`],
    ["tr-TR", (rng) => `+90 53${rng.int(2, 9)} ${rng.int(2, 9)}${rng.digits(2)} ${rng.digits(4)}`],
    ["ko-KR", (rng) => `+82-10-${rng.int(2, 9)}${rng.digits(3)}-${rng.digits(4)}`],
    ["en-IE", (rng) => `+353 87 ${rng.int(2, 9)}${rng.digits(2)} ${rng.digits(4)}`],
  ],
};

const NATIONAL_PHONES: Readonly<Record<Split, readonly (readonly [locale: string, make: (rng: Rng) => string])[]>> = {
  open: [
    ["en-US", (rng) => `(${rng.pick(["212", "415", "617"])}) ${rng.pick(["555", "634"])}-${rng.digits(4)}`],
    ["en-US", (rng) => `${rng.pick(["312", "503", "206"])}.${rng.pick(["555", "782"])}.${rng.digits(4)}`],
    ["en-GB", (rng) => `020 7${rng.digits(3)} ${rng.digits(4)}`],
    ["fr-FR", (rng) => `06 ${rng.int(10, 38)} ${rng.digits(2)} ${rng.digits(2)} ${rng.digits(2)}`],
    ["de-DE", (rng) => `030 ${rng.int(2, 9)}${rng.digits(6)}`],
  ],
  "held-back": [
    ["en-US", (rng) => `${rng.pick(["702", "404", "919"])}-${rng.pick(["555", "634"])}-${rng.digits(4)}`],
    ["en-AU", (rng) => `04${rng.int(10, 39)} ${rng.digits(3)} ${rng.digits(3)}`],
    ["it-IT", (rng) => `34${rng.int(0, 9)} ${rng.digits(3)} ${rng.digits(4)}`],
    ["sv-SE", (rng) => `070-${rng.int(2, 9)}${rng.digits(2)} ${rng.digits(2)} ${rng.digits(2)}`],
    ["ja-JP", (rng) => `090-${rng.int(1, 9)}${rng.digits(3)}-${rng.digits(4)}`],
  ],
};

export const CONTACT: readonly DetectorKind[] = [
  {
    kind: "email",
    category: "pii",
    bare: true,
    weight: 3,
    open: {
      keys: ["email", "reviewer", "owner", "to"],
      prose: ["Task assigned to {}", "Could not deliver notification to <{}>", "User {} not found in project", "{}: permission denied"],
    },
    heldBack: {
      keys: ["contact", "submitted_by", "cc"],
      prose: [
        "Invite for {} expired before it was accepted",
        "login={} result=denied",
        "Duplicate key (email)=({}) already exists.",
        "mailto:{} bounced twice",
      ],
    },
    draw(rng, split) {
      const box = mailbox(rng, split);
      return { value: `${box.local}@${box.domain}`, locale: box.locale };
    },
  },
  {
    kind: "email-obfuscated",
    category: "pii",
    open: { keys: ["note"], prose: ["Ask {} for access", "Reported by {}"] },
    heldBack: { keys: ["comment"], prose: ["Please write to {} if this happens again", "Owner of the export: {}."] },
    draw(rng, split) {
      const box = mailbox(rng, split);
      const forms: readonly (readonly [string, string])[] =
        split === "open"
          ? [
              [" [at] ", " [dot] "],
              ["[at]", "."],
              [" at ", " dot "],
            ]
          : [
              ["(at)", "(dot)"],
              [" (at) ", "."],
              [" AT ", " DOT "],
              ["{at}", "."],
            ];
      const [at, dot] = rng.pick(forms);
      return { value: box.local.replaceAll("+", ".") + at + box.domain.replaceAll(".", dot), locale: box.locale };
    },
  },
  {
    kind: "phone-international",
    category: "pii",
    bare: true,
    open: { keys: ["phone", "mobile"], prose: ["Call {} before restarting the job", "SMS to {} failed"] },
    heldBack: { keys: ["tel", "callback_number"], prose: ["Reviewer left {} in the task comment", "On-call engineer reachable under {}"] },
    draw: (rng, split) => located(rng, PHONES[split]),
  },
  {
    kind: "phone-national",
    category: "pii",
    open: { keys: ["phone", "phone_number"], prose: ["Phone: {}", "call me on {} about this export"] },
    heldBack: { keys: ["mobile_number", "telephone"], prose: ["Contact tel. {} (office hours)", "Mobile {} did not pick up"] },
    draw: (rng, split) => located(rng, NATIONAL_PHONES[split]),
  },
  {
    kind: "ip-address",
    category: "pii",
    bare: true,
    open: { keys: ["remote_addr", "ip"], prose: ["Login from {} refused", "client: {}, server: _, request failed"] },
    heldBack: { keys: ["forwarded_for", "peer"], prose: ["Too many attempts from {} within 60 s", "upstream reset, peer={}"] },
    draw(rng, split) {
      const v4 = `${rng.pick([81, 84, 91, 109, 145, 188, 213])}.${rng.int(1, 250)}.${rng.int(1, 250)}.${rng.int(1, 254)}`;
      const v6 = `2a0${rng.int(1, 3)}:${rng.hex(4)}:${rng.int(1, 9999)}:${rng.hex(4)}::${rng.hex(3).replace(/^0+/, "1")}`;
      return { value: rng.chance(split === "open" ? 0.8 : 0.6) ? v4 : v6 };
    },
  },
  {
    kind: "mac-address",
    category: "pii",
    bare: true,
    open: { keys: ["mac", "hw_address"], prose: ["Scanner with MAC {} went offline"] },
    heldBack: { keys: ["device_mac", "bssid"], prose: ["No DHCP lease for {} on eth0"] },
    draw: (rng, split) => ({
      value: (split === "open" ? ["00", "1b", "44"] : ["A4", "5E", "60"])
        .concat([rng.hex(2), rng.hex(2), rng.hex(2)])
        .join(split === "open" ? ":" : "-"),
    }),
  },
  {
    kind: "imei",
    category: "pii",
    open: { keys: ["imei"], prose: ["Upload from device with IMEI {} rejected"] },
    heldBack: { keys: ["device_imei"], prose: ["Phone IMEI: {} is not enrolled"] },
    draw(rng) {
      const payload = `35${rng.digits(12)}`;
      const sum = [...payload]
        .reverse()
        .reduce(
          (total, digit, index) =>
            total + (index % 2 === 0 ? Math.floor((Number(digit) * 2) / 10) + ((Number(digit) * 2) % 10) : Number(digit)),
          0,
        );
      return { value: `${payload}${(10 - (sum % 10)) % 10}` };
    },
  },
  {
    kind: "user-path",
    category: "pii",
    bare: true,
    open: {
      keys: ["path", "cwd"],
      prose: ["FileNotFoundError: [Errno 2] No such file or directory: '{}'", 'File "{}", line 12, in <module>'],
    },
    heldBack: { keys: ["working_dir", "source_file"], prose: ["Could not open {} (permission denied)", "at Object.<anonymous> ({}:14:9)"] },
    draw(rng, split) {
      const who = person(rng, split);
      const [given, family] = [ascii(who.given), ascii(who.family)];
      const open = [
        `/home/${given}/work/export.py`,
        `/Users/${given}.${family}/Downloads/run.log`,
        `C:\\Users\\${given}\\Desktop\\import.csv`,
      ];
      const held = [
        `/home/${given.charAt(0)}${family}/diffgram/jobs.py`,
        `C:\\Users\\${who.given} ${who.family}\\Documents\\notes.txt`,
        `/Users/${given}${family}/src/main.js`,
      ];
      return { value: rng.pick(split === "open" ? open : held), locale: who.locale };
    },
  },
  {
    kind: "gps-position",
    category: "pii",
    open: { keys: ["gps", "location"], prose: ["GPS position {} outside of the region", "location: {}"] },
    heldBack: { keys: ["coordinates", "geo"], prose: ["Captured at lat/lon {} by the drone", "Last known coordinates {}"] },
    draw(rng, split) {
      const latitude = rng.int(40, 58) + rng.int(10_000, 99_999) / 100_000;
      const longitude = rng.int(-3, 24) + rng.int(10_000, 99_999) / 100_000;
      const pair = `${latitude.toFixed(5)}, ${longitude.toFixed(5)}`;
      return {
        value:
          split === "open"
            ? pair
            : rng.pick([
                pair,
                `${latitude.toFixed(4)}° N, ${Math.abs(longitude).toFixed(4)}° E`,
                `${latitude.toFixed(6)},${longitude.toFixed(6)}`,
              ]),
      };
    },
  },
];

function located(rng: Rng, table: readonly (readonly [locale: string, make: (rng: Rng) => string])[]): Drawn {
  const [locale, make] = rng.pick(table);
  return { value: make(rng), locale };
}
