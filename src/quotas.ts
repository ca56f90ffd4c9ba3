import type { Settings } from "./config/settings.js";
import type { Clock } from "./model/ports.js";
import { isRefusal } from "./model/refusal.js";
import type { PipelineParts } from "./pipeline-parts.js";
import { QuotaKeeper } from "./verdict/quota.js";

/** Both quotas: the client's by who it proved to be, else by its address; then the case's. */
export function quotasOf({ quotas }: Settings, clock: Clock): PipelineParts["admit"] {
  const ofClients = new QuotaKeeper(
    {
      requestsPerMinute: quotas.client_requests_per_minute,
      bytesPerMinute: quotas.client_bytes_per_minute,
      concurrent: quotas.client_concurrent,
    },
    "client",
  );
  const ofCases = new QuotaKeeper(
    {
      requestsPerMinute: quotas.case_requests_per_minute,
      bytesPerMinute: quotas.case_bytes_per_minute,
      concurrent: quotas.case_concurrent,
    },
    "case",
  );
  return (client, caseName) => {
    const now = clock.now();
    const own = ofClients.admit(client.identity ?? client.address, now);
    if (isRefusal(own)) return own;
    const shared = ofCases.admit(caseName, now);
    if (isRefusal(shared)) {
      own.release();
      return shared;
    }
    return {
      charge: (bytes) => own.charge(bytes) ?? shared.charge(bytes),
      release() {
        own.release();
        shared.release();
      },
    };
  };
}
