/** A time in which the vendor's support may ask. Milliseconds since the epoch. */
export interface AccessWindow {
  readonly opened: number;
  readonly until: number;
  readonly by: string;
  readonly reason: string;
  readonly closed?: { readonly at: number; readonly by: string } | undefined;
}

/** What the console needs of the support case: who may ask when, and to change it. */
export interface SupportDesk {
  /** The oldest first. Throws FaultsError where it can't be read. */
  list(): readonly AccessWindow[];
  openAt(now: number): AccessWindow | undefined;
  /** Durable once it returns. Throws FaultsError where time or reason can't be taken. */
  open(wish: { readonly now: number; readonly forMs: number; readonly by: string; readonly reason: string }): AccessWindow;
  /** @returns false where none is open */
  close(now: number, by: string): boolean;
}
