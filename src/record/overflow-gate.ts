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
/** Records of one client whose repetitions are gathered at once, each for itself; whoever sends more by turns has the rest counted together. */
const REPEATED = 4;

interface Gathered {
  readonly first: Transfer;
  readonly identity: string;
  readonly rules: Map<string, number>;
  readonly waiting: ((outcome: WriteOutcome) => void)[];
  /** Told when it is written. */
  readonly over: () => void;
  count: number;
  last: number;
  bodyBytes: number;
  unexpected: boolean;
}

interface Client {
  readonly window: number;
  /** Distinct refused bodies. */
  fresh: number;
  /** Repetitions of what is on record. */
  again: number;
  /** Records whose repetitions are gathered now. */
  gathering: number;
}

/**
 * Keeps a flood of refused bodies from filling the store. Past a client's quota of new ones an hour, further ones are counted in one record a
 * client, case and hour, as one chained entry for each quarter of a second; past as many repetitions an hour, those of a quarter of a second
 * are one entry of their own record. Each is still refused, and still only answered once its entry is on disk; redactions and what was let out
 * are never bundled.
 */
export class OverflowGate implements TransferLog {
  readonly #inner: TransferLog;
  readonly #quota: number;
  readonly #clients = new LRUCache<string, Client>({ max: CLIENTS });
  readonly #known = new LRUCache<string, true>({ max: IDENTITIES });
  readonly #gathered = new Map<string, Gathered>();

  /** @param quota distinct refused bodies of one client an hour */
  constructor(inner: TransferLog, quota: number) {
    this.#inner = inner;
    this.#quota = quota;
  }

  write(transfer: Transfer): Promise<WriteOutcome> {
    if (transfer.verdict !== "block") return this.#inner.write(transfer);
    const client = this.#client(transfer);
    const isKnown = this.#known.get(transfer.identity) === true;
    if (isKnown ? client.again < this.#quota : client.fresh < this.#quota) {
      if (isKnown) client.again += 1;
      else client.fresh += 1;
      this.#known.set(transfer.identity, true);
      return this.#inner.write(transfer);
    }
    const own = `again ${transfer.client} ${transfer.identity}`;
    if (isKnown && (this.#gathered.has(own) || client.gathering < REPEATED)) {
      if (!this.#gathered.has(own)) client.gathering += 1;
      return this.#gather(transfer, own, transfer.identity, () => (client.gathering -= 1));
    }
    const identity = `overflow ${transfer.client} ${transfer.caseName} ${client.window}`;
    return this.#gather(transfer, identity, identity, () => undefined);
  }

  #client({ client, at }: Transfer): Client {
    const window = Math.floor(at / WINDOW_MS);
    const known = this.#clients.get(client);
    if (known?.window === window) return known;
    const fresh = { window, fresh: 0, again: 0, gathering: 0 };
    this.#clients.set(client, fresh);
    return fresh;
  }

  #gather(transfer: Transfer, key: string, identity: string, over: () => void): Promise<WriteOutcome> {
    let gathered = this.#gathered.get(key);
    if (gathered === undefined) {
      const { at: last } = transfer;
      gathered = { first: transfer, identity, rules: new Map(), waiting: [], over, count: 0, last, bodyBytes: 0, unexpected: false };
      this.#gathered.set(key, gathered);
      setTimeout(() => void this.#write(key), GATHER_MS);
    }
    const { rules, waiting } = gathered;
    gathered.count += 1;
    gathered.last = Math.max(gathered.last, transfer.at);
    gathered.bodyBytes += transfer.bodyBytes;
    gathered.unexpected ||= transfer.unexpected;
    for (const { rule } of transfer.findings) {
      if (rules.has(rule) || rules.size < RULES) rules.set(rule, (rules.get(rule) ?? 0) + 1);
    }
    return new Promise((resolve) => waiting.push(resolve));
  }

  async #write(key: string): Promise<void> {
    const gathered = this.#gathered.get(key);
    if (gathered === undefined) return;
    this.#gathered.delete(key);
    gathered.over();
    const outcome = await this.#inner.write(bundled(gathered));
    for (const resolve of gathered.waiting) resolve(outcome);
  }
}

/** One transfer that stands for many; the first one's id is the entry's. Of several records' it has one finding for each rule. */
function bundled({ first, identity, rules, count, last, bodyBytes, unexpected }: Gathered): Transfer {
  const bundle: TransferBundle = { count, first: first.at, last, rules: Object.fromEntries(rules) };
  if (identity === first.identity) return { ...first, bundle };
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
