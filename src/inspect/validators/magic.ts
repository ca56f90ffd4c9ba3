import type { Validator } from "./validator.js";

/** First bytes of file formats, as hex; `..` stands for any byte. From each format's own specification. */
const MAGIC: readonly string[] = [
  "89504e470d0a1a0a", // PNG
  "ffd8ff", // JPEG
  "474946383761", // GIF87a
  "474946383961", // GIF89a
  "424d........00000000", // BMP
  "52494646........57454250", // WebP
  "52494646........57415645", // WAV
  "52494646........41564920", // AVI
  "49492a00", // TIFF, little-endian
  "4d4d002a", // TIFF, big-endian
  "25504446", // PDF
  "504b0304", // ZIP, and so DOCX, NPZ
  "1f8b08", // gzip
  "28b52ffd", // zstd
  "fd377a585a00", // xz
  "377abcaf271c", // 7z
  "425a68", // bzip2
  "526172211a07", // RAR
  "........66747970", // MP4, HEIC, AVIF
  "1a45dfa3", // Matroska, WebM
  "494433", // MP3 with ID3
  "4f676753", // Ogg
  "664c6143", // FLAC
  "934e554d5059", // NumPy
  "894844460d0a1a0a", // HDF5
  "50415231", // Parquet
  "53514c69746520666f726d6174", // SQLite
  "7f454c46", // ELF
  "cafebabe", // Java class, Mach-O
  "d0cf11e0a1b11ae1", // OLE
  "8002", // pickle, protocol 2
  "8003", // pickle, protocol 3
  "800495", // pickle, protocol 4
  "0000010001", // ICO
];

/** Decoded bytes that a file has at least: fewer can't be told from chance. */
const FEWEST_BYTES = 16;
/** Two bytes, or three, are met by chance too often: such a file must be longer. */
const FEWEST_BEHIND_SHORT = 64;

/** A byte that may be any. */
const ANY = -1;
const SIGNATURES: readonly (readonly number[])[] = MAGIC.map((magic) =>
  Array.from(magic.match(/../g) ?? [], (byte) => (byte === ".." ? ANY : Number.parseInt(byte, 16))),
);
/** By first byte, those that may begin with it. */
const BY_FIRST: readonly (readonly (readonly number[])[])[] = Array.from({ length: 256 }, (_, first) =>
  SIGNATURES.filter(([byte]) => byte === first || byte === ANY),
);

export function hasMagic(bytes: Uint8Array): boolean {
  if (bytes.length < FEWEST_BYTES) return false;
  for (const signature of BY_FIRST[bytes[0] ?? 0] ?? []) {
    if (signature.length <= 3 && bytes.length < FEWEST_BEHIND_SHORT) continue;
    let at = 0;
    while (at < signature.length && (signature[at] === ANY || signature[at] === bytes[at])) at += 1;
    if (at === signature.length) return true;
  }
  return false;
}

/** Where a match's beginning is decoded: a buffer for each of a log's identifiers would cost more than the look itself. */
const HEAD = Buffer.alloc(128);

export const base64Magic: Validator = ({ text }) =>
  text.length >= 24 && hasMagic(HEAD.subarray(0, HEAD.write(text.slice(0, HEAD.length), "base64")));

/** Two digits a byte, and a sign at most between two. */
export const hexMagic: Validator = ({ text }) =>
  hasMagic(HEAD.subarray(0, HEAD.write(text.slice(0, 3 * HEAD.length).replace(/[^0-9a-f]/gi, ""), "hex")));
