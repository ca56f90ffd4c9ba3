/** What a client has of an answer. */
export interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
  /** It broke off, and the client can tell. */
  readonly cut?: boolean;
}
