import type { JsonValue, Split } from "../labelled-case.js";
import { ALNUM, type Rng, UPPER } from "../random.js";
import type { DetectorKind } from "../specimen.js";

/** First bytes of file formats, from their specifications. */
const MAGIC: Readonly<Record<Split, readonly (readonly [mime: string, hex: string])[]>> = {
  open: [
    ["image/png", "89504e470d0a1a0a0000000d49484452"],
    ["image/jpeg", "ffd8ffe000104a46494600010100"],
    ["application/pdf", "255044462d312e370a25e2e3cfd3"],
    ["application/zip", "504b0304140000000800"],
  ],
  "held-back": [
    ["image/gif", "474946383961"],
    ["image/webp", "52494646241a000057454250565038"],
    ["image/tiff", "49492a0008000000"],
    ["image/bmp", "424d36840300000000003600000028000000"],
    ["video/mp4", "000000186674797069736f6d00000200"],
  ],
};
const OBJECTS: Readonly<Record<Split, readonly string[]>> = {
  open: ["datasets/2026/scan_{n}.png", "raw/patient-scans/{n}/slice_04.dcm", "uploads/cam-2/frame_{n}.jpg", "projects/exports/{n}.zip"],
  "held-back": ["incoming/site-b/{n}_left.tiff", "video/drive-{n}/front.mp4", "archive/q3/batch{n}/img.webp", "lidar/run{n}/cloud.pcd"],
};

export const BLOBS: readonly DetectorKind[] = [
  {
    kind: "data-uri",
    category: "blob",
    bare: true,
    open: { keys: ["thumbnail", "src"], prose: ["image could not be loaded: {}"] },
    heldBack: { keys: ["preview", "href"], prose: ["Failed to decode {} in canvas"] },
    draw(rng, split) {
      const [mime, bytes] = file(rng, split, 60, 400);
      return { value: `data:${mime};base64,${bytes.toString("base64")}` };
    },
  },
  {
    kind: "magic-base64",
    category: "blob",
    bare: true,
    open: { keys: ["content", "file"], prose: ["unexpected bytes: {}"] },
    heldBack: { keys: ["part", "attachment"], prose: ["could not store {} as text"] },
    draw: (rng, split) => ({ value: file(rng, split, 80, 500)[1].toString("base64") }),
  },
  {
    kind: "magic-hex",
    category: "blob",
    bare: true,
    open: { keys: ["content", "dump"], prose: ["bytes: {}"] },
    heldBack: { keys: ["part", "buffer"], prose: ["bytea value \\x{} is too long"] },
    draw: (rng, split) => ({ value: file(rng, split, 80, 300)[1].toString("hex") }),
  },
  {
    kind: "opaque-text",
    category: "blob",
    open: { keys: ["chunk", "payload"], prose: ["unparsed payload {}"] },
    heldBack: { keys: ["rest", "buf"], prose: ["left over after read: {}"] },
    draw: (rng) => ({ value: rng.bytes(rng.int(500, 1200)).toString("base64") }),
  },
  {
    kind: "signed-url",
    category: "blob",
    bare: true,
    weight: 2,
    open: { keys: ["url_signed", "url"], prose: ["403 from {}", "GET {} timed out"] },
    heldBack: { keys: ["href", "download_link"], prose: ["Link {} has expired", "fetch of {} gave 0 bytes"] },
    draw(rng, split) {
      const object = objectPath(rng, split);
      const date = `202611${rng.int(10, 24)}T09${rng.digits(2)}00Z`;
      const amazon = `X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA${rng.text(UPPER, 16)}%2F${date.slice(0, 8)}%2Feu-west-1%2Fs3%2Faws4_request&X-Amz-Date=${date}&X-Amz-Expires=3600&X-Amz-SignedHeaders=host&X-Amz-Signature=${rng.hex(64)}`;
      const google = `X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Credential=export%40annot.iam.gserviceaccount.com%2F${date.slice(0, 8)}%2Fauto%2Fstorage%2Fgoog4_request&X-Goog-Date=${date}&X-Goog-Expires=900&X-Goog-SignedHeaders=host&X-Goog-Signature=${rng.hex(128)}`;
      const azure = `sv=2024-08-04&ss=b&srt=o&sp=r&se=2026-12-01T00%3A00%3A00Z&sig=${encodeURIComponent(rng.bytes(32).toString("base64"))}`;
      const forms: Readonly<Record<Split, readonly (readonly [string, string])[]>> = {
        open: [
          ["s3", `https://acme-scans.s3.eu-west-1.amazonaws.com/${object}?${amazon}`],
          ["gcs", `https://storage.googleapis.com/acme-scans/${object}?${google}`],
        ],
        "held-back": [
          ["azure", `https://acmescans.blob.core.windows.net/raw/${object}?${azure}`],
          ["minio", `https://minio.lakeshoreclinic.net:9000/raw/${object}?${amazon}`],
          [
            "s3-v2",
            `https://s3.amazonaws.com/acme-scans/${object}?AWSAccessKeyId=AKIA${rng.text(UPPER, 16)}&Expires=1795000000&Signature=${encodeURIComponent(rng.bytes(20).toString("base64"))}`,
          ],
        ],
      };
      const [variant, value] = rng.pick(forms[split]);
      return { value, variant };
    },
  },
  {
    kind: "bucket-uri",
    category: "blob",
    bare: true,
    open: { keys: ["source", "uri"], prose: ["Import of {} failed", "no such key: {}"] },
    heldBack: { keys: ["origin", "manifest_entry"], prose: ["skipped {} (checksum mismatch)", "copy {} -> local cache"] },
    draw: (rng, split) => ({
      value: `${rng.pick(split === "open" ? ["s3://acme-scans/", "gs://acme-scans/"] : ["az://raw/", "s3a://lake-raw/", "gs://site-b-in/", "https://acmescans.blob.core.windows.net/raw/"])}${objectPath(rng, split)}`,
    }),
  },
  {
    kind: "object-path",
    category: "blob",
    open: { keys: ["path", "object_name"], prose: ["New cloud import for {}"] },
    heldBack: { keys: ["object_key", "blob_path"], prose: ["New cloud export to {}", "New cloud import for {} (retry)"] },
    draw: (rng, split) => ({ value: objectPath(rng, split) }),
  },
  {
    kind: "numpy-text",
    category: "blob",
    open: { keys: ["value", "arr"], prose: ["ValueError: shapes do not match: {}"] },
    heldBack: { keys: ["tensor", "repr"], prose: ["cannot convert {} to a scalar"] },
    draw(rng, split) {
      const row = (): string => `[${Array.from({ length: 12 }, () => rng.float().toFixed(8)).join(", ")}]`;
      const rows = Array.from({ length: rng.int(4, 9) }, row).join(",\n       ");
      return { value: split === "open" ? `array([${rows}])` : `tensor([${rows}], device='cuda:0')` };
    },
  },
  {
    kind: "embedding",
    category: "blob",
    open: { keys: ["embedding", "vector"], prose: [] },
    heldBack: { keys: ["features", "v"], prose: [] },
    draw: (rng) => ({ value: floats(rng, rng.pick([128, 256, 384])) }),
  },
  {
    kind: "pixel-data",
    category: "blob",
    open: { keys: ["pixels", "data"], prose: [] },
    heldBack: { keys: ["img", "samples"], prose: [] },
    draw(rng, split) {
      const row = (): number[] => Array.from({ length: 24 }, () => rng.int(0, 255));
      const rows: JsonValue[] = Array.from({ length: 16 }, row);
      return { value: split === "open" ? rows : rows.flat() };
    },
  },
];

function floats(rng: Rng, count: number): JsonValue {
  return Array.from({ length: count }, () => Number((rng.float() * 2 - 1).toFixed(7)));
}

function file(rng: Rng, split: Split, least: number, most: number): readonly [mime: string, bytes: Buffer] {
  const [mime, magic] = rng.pick(MAGIC[split]);
  return [mime, Buffer.concat([Buffer.from(magic, "hex"), rng.bytes(rng.int(least, most))])];
}

function objectPath(rng: Rng, split: Split): string {
  return rng.pick(OBJECTS[split]).replace("{n}", rng.chance(0.3) ? rng.text(ALNUM, 6) : String(rng.int(100, 99_999)));
}
