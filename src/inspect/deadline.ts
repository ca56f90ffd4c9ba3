/** The time budget of one inspection (invariant 9); passing it is a block, never a pass-through. */
export interface Deadline {
  passed(): boolean;
}

/** `clock` gives milliseconds on any steady scale. */
export function deadlineAfter(milliseconds: number, clock: () => number): Deadline {
  const end = clock() + milliseconds;
  return { passed: () => clock() > end };
}
