/** A byte that may be any; `..` where it is written. */
const ANY = -1;

/** First bytes of formats that hold primary data, keys or models; what inspects them is the BLOB rules' affair. */
const SIGNATURES: readonly (readonly [name: string, offset: number, hex: string])[] = [
  ["png", 0, "89504e47"],
  ["jpeg", 0, "ffd8ff"],
  ["gif", 0, "47494638"],
  ["riff", 0, "52494646"],
  ["tiff", 0, "49492a00"],
  ["tiff", 0, "4d4d002a"],
  ["mp4", 4, "66747970"],
  ["matroska", 0, "1a45dfa3"],
  ["ogg", 0, "4f676753"],
  ["mp3", 0, "494433"],
  ["flac", 0, "664c6143"],
  ["mpeg", 0, "000001ba"],
  ["pdf", 0, "255044462d"],
  ["zip", 0, "504b0304"],
  ["7z", 0, "377abcaf"],
  ["rar", 0, "526172211a"],
  ["xz", 0, "fd377a585a"],
  ["bzip2", 0, "425a6839"],
  ["lz4", 0, "04224d18"],
  ["ole", 0, "d0cf11e0"],
  ["elf", 0, "7f454c46"],
  ["wasm", 0, "0061736d"],
  ["sqlite", 0, "53514c697465"],
  ["parquet", 0, "50415231"],
  ["hdf5", 0, "89484446"],
  ["numpy", 0, "934e554d5059"],
  ["pickle", 0, "800395"],
  ["pickle", 0, "800495"],
  ["pickle", 0, "800595"],
  // A sequence of 256 bytes or more (X.690, sections 8.1.3.5 and 8.9) that begins with another or a number, as certificates and keys do: its first two
  // bytes alone would make a file of each 65,536th UUID.
  ["der", 0, "3082....30"],
  ["der", 0, "3082....02"],
  ["jpeg2000", 4, "6a502020"],
  ["psd", 0, "38425053"],
  ["dicom", 128, "4449434d"],
];

const COMPILED = SIGNATURES.map(([name, offset, hex]) => ({
  name,
  offset,
  bytes: (hex.match(/../g) ?? []).map((byte) => (byte === ".." ? ANY : Number.parseInt(byte, 16))),
}));

/** The format that the first bytes name, or undefined. */
export function magicOf(bytes: Uint8Array): string | undefined {
  if (!FIRST_BYTES.has(bytes[0] ?? 0)) return undefined;
  for (const { name, offset, bytes: signature } of COMPILED) {
    if (bytes.length < offset + signature.length || bytes[offset] !== signature[0]) continue;
    if (signature.every((byte, index) => byte === ANY || bytes[offset + index] === byte)) return name;
  }
  return undefined;
}

/** First bytes of every signature, of compression and of UTF-16: a quick test that lets no binary format slip. */
const FIRST_BYTES: ReadonlySet<number> = new Set([
  ...COMPILED.map(({ offset, bytes }) => (offset === 0 ? (bytes[0] ?? 0) : 0)),
  0x1f,
  0x28,
  0x78,
  0xff,
  0xfe,
]);

export function mayStartBinary(byte: number): boolean {
  return FIRST_BYTES.has(byte);
}
