/**
 * A fault in something that a person wrote (settings, policy, rule, command line): says what, where and how to mend it.
 * Many are reported at once, so that nobody mends one fault a start.
 */
export interface Fault {
  readonly what: string;
  /** `rules/policy.yaml:14:7`, `EGRESS_PROXY_LISTEN_PROXY`, `--certs`. */
  readonly where: string;
  readonly mend: string;
}

export class FaultsError extends Error {
  readonly faults: readonly Fault[];

  constructor(summary: string, faults: readonly Fault[]) {
    super([summary, ...faults.map((fault) => `  ${fault.where}: ${fault.what} ${fault.mend}`)].join("\n"));
    this.name = "FaultsError";
    this.faults = faults;
  }
}
