import { LRUCache } from "lru-cache";
import type { Transfer, TransferBundle, TransferLog, WriteOutcome } from "../model/transfer.js";

const WINDOW_MS = 3_600_000;
/** Clients and identities that are remembered, at some 300 bytes each. */
const CLIENTS = 10_000;
const IDENTITIES = 20_000;
/** What comes within this time becomes one entry; whoever waits for it is slowed down, which is no loss in a flood. */
const GATHER_MS = 250;
/** Distinct rules that a bundle counts. */
const RULES = 64;

interface Gathered {
  readonly first: Transfer;
  readonly identity: string;
  readonly rules: Map<string, number>;
  readonly waiting: ((outcome: WriteOutcome) => void)[];
  count: number;
  last: number;
  bodyBytes: number;
  unexpected: boolean;
}

/**
 * Keeps a flood of distinct refused bodies from filling the store: past a client's quota of new ones an hour, further ones are counted in
 * one record a client, case and hour, as one chained entry for each quarter of a second. Each is still refused, and still only answered
 * once its entry is on disk; repetitions of what is on record, redactions and what was let out are never bundled.
 */
export class OverflowGate implements TransferLog {
  readonly #inner: TransferLog;
  readonly #quota: number;
  readonly #clients = new LRUCache<string, { window: number; fresh: number }>({ max: CLIENTS });
  readonly #known = new LRUCache<string, true>({ max: IDENTITIES });
  readonly #gathered = new Map<string, Gathered>();

  /** @param quota distinct refused bodies of one client an hour */
  constructor(inner: TransferLog, quota: number) {
    this.#inner = inner;
    this.#quota = quota;
  }

  write(transfer: Transfer): Promise<WriteOutcome> {
    if (transfer.verdict !== "block" || !this.#isOver(transfer)) return this.#inner.write(transfer);
    return new Promise((resolve) => this.#gather(transfer, resolve));
  }

  #isOver({ client, identity, at }: Transfer): boolean {
    if (this.#known.get(identity) === true) return false;
    const window = Math.floor(at / WINDOW_MS);
    const known = this.#clients.get(client);
    const state = known?.window === window ? known : { window, fresh: 0 };
    if (state !== known) this.#clients.set(client, state);
    if (state.fresh >= this.#quota) return true;
    state.fresh += 1;
    this.#known.set(identity, true);
    return false;
  }

  #gather(transfer: Transfer, resolve: (outcome: WriteOutcome) => void): void {
    const identity = `overflow ${transfer.client} ${transfer.caseName} ${Math.floor(transfer.at / WINDOW_MS)}`;
    let gathered = this.#gathered.get(identity);
    if (gathered === undefined) {
      gathered = { first: transfer, identity, rules: new Map(), waiting: [], count: 0, last: transfer.at, bodyBytes: 0, unexpected: false };
      this.#gathered.set(identity, gathered);
      setTimeout(() => void this.#write(identity), GATHER_MS);
    }
    gathered.count += 1;
    gathered.last = Math.max(gathered.last, transfer.at);
    gathered.bodyBytes += transfer.bodyBytes;
    gathered.unexpected ||= transfer.unexpected;
    gathered.waiting.push(resolve);
    for (const { rule } of transfer.findings) {
      if (gathered.rules.has(rule) || gathered.rules.size < RULES) gathered.rules.set(rule, (gathered.rules.get(rule) ?? 0) + 1);
    }
  }

  async #write(identity: string): Promise<void> {
    const gathered = this.#gathered.get(identity);
    if (gathered === undefined) return;
    this.#gathered.delete(identity);
    const outcome = await this.#inner.write(bundled(gathered));
    for (const resolve of gathered.waiting) resolve(outcome);
  }
}

/** One transfer that stands for many, with one finding for each rule; the first one's id is the entry's. */
function bundled({ first, identity, rules, count, last, bodyBytes, unexpected }: Gathered): Transfer {
  const bundle: TransferBundle = { count, first: first.at, last, rules: Object.fromEntries(rules) };
  const byRule = new Map(first.findings.map((finding) => [finding.rule, finding]));
  return {
    ...first,
    identity,
    destination: "(overflow)",
    host: "(overflow)",
    port: 0,
    path: "",
    eventKind: undefined,
    structure: undefined,
    findings: [...byRule.values()].map((finding) => ({
      ...finding,
      pointer: "",
      view: "overflow",
      hmac: "",
      why: "The client was past its quota of distinct refused bodies: counted by rule.",
    })),
    moreFindings: 0,
    unexpected,
    bodyBytes,
    bundle,
  };
}
