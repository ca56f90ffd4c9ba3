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

export function hasMagic(bytes: Uint8Array): boolean {
  if (bytes.length < FEWEST_BYTES) return false;
  const head = Buffer.from(bytes.subarray(0, 16)).toString("hex");
  return MAGIC.some((magic) => {
    // Two bytes are met by chance once in 65,536 texts: ask for a longer file.
    if (magic.length <= 6 && bytes.length < 64) return false;
    for (let index = 0; index < magic.length; index += 2) {
      const byte = magic.slice(index, index + 2);
      if (byte !== ".." && byte !== head.slice(index, index + 2)) return false;
    }
    return true;
  });
}

export const base64Magic: Validator = (match) =>
  hasMagic(Buffer.from(match.text.slice(0, 128).replace(/\s+/g, ""), "base64")) && match.text.length >= 24;

export const hexMagic: Validator = (match) => hasMagic(Buffer.from(match.text.replace(/[^0-9a-f]/gi, "").slice(0, 256), "hex"));
