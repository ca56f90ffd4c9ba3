/**
 * What names this installation at a vendor that serves many (invariant 10): Segment's write key, a tag's id, the install fingerprint. A
 * compromised pod could otherwise post to an account of its own at an allowed host. Values are known by their HMAC only.
 */
export interface TenantPins {
  /** The names whose value differs from the pinned one. Pure: learns nothing. */
  mismatches(seen: readonly SeenPin[]): readonly string[];
  /**
   * Pins each name that has no value yet to the one seen. Where the disk takes nothing, the pin holds for this process and is written with
   * the next one: clean traffic goes on while nothing can be synced (invariant 6).
   */
  learn(seen: readonly SeenPin[]): Learned;
}

export interface Learned {
  readonly names: readonly string[];
  /** False where what was learned, now or before, is not on disk. */
  readonly durable: boolean;
  /** Names that another process pinned to another value a moment ago: what was seen must not go out. */
  readonly contradicted: readonly string[];
}

export interface SeenPin {
  readonly name: string;
  readonly hmac: string;
}
