/** The known name nearest to one that was written, or undefined where none is near enough to be meant. */
export function nearestName(written: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  // Beyond a third of the word a suggestion misleads more than it helps.
  let bestDistance = Math.max(1, Math.floor(written.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(written.toLowerCase(), name.toLowerCase(), bestDistance);
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** The mend for an unknown name: the nearest spelling, or all of them where none is near. */
export function mendUnknown(written: string, known: readonly string[]): string {
  const near = nearestName(written, known);
  if (near !== undefined) return `Did you mean "${near}"?`;
  if (known.length === 0) return "Remove it.";
  return `Known here: ${known.join(", ")}.`;
}

/** Levenshtein's distance with swaps of neighbours counted once; stops at `bound`, since nothing past it is of use. */
function editDistance(left: string, right: string, bound: number): number {
  if (Math.abs(left.length - right.length) >= bound) return bound;
  let beforeLast: number[] = [];
  let last = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= right.length; column += 1) {
      const same = left[row - 1] === right[column - 1];
      let cost = Math.min((last[column] ?? bound) + 1, (current[column - 1] ?? bound) + 1, (last[column - 1] ?? bound) + (same ? 0 : 1));
      if (row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1]) {
        cost = Math.min(cost, (beforeLast[column - 2] ?? bound) + 1);
      }
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return last[right.length] ?? bound;
}
