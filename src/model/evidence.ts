/** Keeps the body of a recorded exchange, readable by the operator's recipients alone. Returns at once, never throws: the record doesn't wait for it. */
export interface EvidenceKeeper {
  /**
   * @param record the record's id
   * @param exchange the id of the exchange whose body this is
   * @param body as captured, under the client's own content coding
   */
  keep(record: string, exchange: string, body: Uint8Array): void;
}
