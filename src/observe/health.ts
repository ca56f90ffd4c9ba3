/** What a check found, in a sentence for whoever reads `/readyz`. */
export interface CheckResult {
  readonly ok: boolean;
  readonly detail?: string;
}

export interface HealthReport {
  readonly status: "ok" | "failing" | "stopping";
  readonly checks: Readonly<Record<string, CheckResult>>;
}

/** Milliseconds that a check may take; past them it counts as failed, since Kubernetes waits no longer either (timeoutSeconds: 1 by default). */
const CHECK_MS = 800;

/**
 * Whether this process lives and whether it can do its job. A stage that is away makes it not ready, never not alive: a restart would not
 * bring a database back, and would drop what is in flight.
 */
export class HealthState {
  readonly #checks = new Map<string, () => CheckResult | Promise<CheckResult>>();
  #stopping = false;

  /** Adds a check to readiness, or replaces the one of that name. It may throw: that counts as failed. */
  check(name: string, look: () => CheckResult | Promise<CheckResult>): void {
    this.#checks.set(name, look);
  }

  /** Says "not ready" from now on, so that no new traffic is sent here while what is in flight ends. */
  stopping(): void {
    this.#stopping = true;
  }

  liveness(): HealthReport {
    return { status: "ok", checks: {} };
  }

  async readiness(): Promise<HealthReport> {
    const names = [...this.#checks.keys()];
    const results = await Promise.all([...this.#checks.values()].map(settle));
    const checks = Object.fromEntries(names.map((name, index) => [name, results[index] ?? FAILED]));
    if (this.#stopping) return { status: "stopping", checks };
    return { status: results.every((result) => result.ok) ? "ok" : "failing", checks };
  }
}

/** An error's message may quote what it failed on, so none is shown. */
const FAILED: CheckResult = { ok: false, detail: "The check itself failed; see the log." };

async function settle(look: () => CheckResult | Promise<CheckResult>): Promise<CheckResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<CheckResult>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, detail: `No answer within ${CHECK_MS} ms.` }), CHECK_MS);
  });
  try {
    return await Promise.race([look(), late]);
  } catch {
    return FAILED;
  } finally {
    clearTimeout(timer);
  }
}
