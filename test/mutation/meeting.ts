type Alternative = readonly [mutant: number, value: () => unknown];

/**
 * Hears of each mutant (scripts/mutation/mutants.mjs) whose condition would have come out otherwise, each time it does.
 *
 * @returns ends the hearing
 */
export function hearOf(differs: (mutant: number) => void): () => void {
  Reflect.set(globalThis, "egressMeet", (value: unknown, alternatives: readonly Alternative[]): unknown => {
    for (const [mutant, other] of alternatives) if (isOther(value, other)) differs(mutant);
    return value;
  });
  return () => {
    Reflect.deleteProperty(globalThis, "egressMeet");
  };
}

function isOther(value: unknown, other: () => unknown): boolean {
  try {
    return Boolean(value) !== Boolean(other());
  } catch {
    // Half of a condition whose other half guarded it.
    return true;
  }
}
