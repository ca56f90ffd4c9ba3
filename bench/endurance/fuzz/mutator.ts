import type { Dice } from "../../../test/fuzz/mutations.js";

/** Bytes at which readers of bytes differ. */
const ODD_BYTES = [0x00, 0x01, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x25, 0x2c, 0x2f, 0x3a, 0x3b, 0x5b, 0x5c, 0x7b, 0x7d, 0x7f, 0x80, 0xc0, 0xff];
const MOST_BYTES = 16_384;

/** One to six changes of an input: bits, bytes, stretches, words of the target's language, pieces of another input. */
export function mutated(input: Buffer, dice: Dice, words: readonly Buffer[], other: Buffer): Buffer {
  let result: Buffer = input;
  for (let changes = 1 + dice.below(6); changes > 0; changes -= 1) result = changed(result, dice, words, other);
  return result.length > MOST_BYTES ? result.subarray(0, MOST_BYTES) : result;
}

function changed(input: Buffer, dice: Dice, words: readonly Buffer[], other: Buffer): Buffer {
  const at = dice.below(input.length + 1);
  const until = Math.min(input.length, at + 1 + dice.below(dice.below(4) === 0 ? 200 : 8));
  const insert = (piece: Buffer, instead = at): Buffer => Buffer.concat([input.subarray(0, at), piece, input.subarray(instead)]);
  switch (dice.below(9)) {
    case 0:
      return insert(Buffer.from([dice.below(256)]), at + 1);
    case 1:
      return insert(Buffer.from([ODD_BYTES[dice.below(ODD_BYTES.length)] ?? 0]), at + dice.below(2));
    case 2:
      return insert(Buffer.from([(input[at] ?? 0) ^ (1 << dice.below(8))]), at + 1);
    case 3:
      return insert(Buffer.alloc(0), until);
    case 4: {
      const piece = input.subarray(at, until);
      return insert(Buffer.concat(Array.from({ length: 1 + dice.below(dice.below(6) === 0 ? 64 : 3) }, () => piece)));
    }
    case 5:
    case 6:
      return insert(words[dice.below(words.length)] ?? Buffer.alloc(0), dice.below(2) === 0 ? at : until);
    case 7: {
      const from = dice.below(other.length + 1);
      return insert(other.subarray(from, from + 1 + dice.below(200)), until);
    }
    default:
      return insert(Buffer.from([0xff, 0x7f, 0x80, 0x00][dice.below(4)] === 0xff ? "9007199254740993" : String(dice.below(70_000))), until);
  }
}
