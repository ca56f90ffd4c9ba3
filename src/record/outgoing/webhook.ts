import { createHmac } from "node:crypto";
import { request as plainRequest } from "node:http";
import { request } from "node:https";

const PATIENCE_MS = 10_000;

export interface WebhookSettings {
  /** https, or http to this machine. */
  readonly url: URL;
  /** Shared with the receiver. */
  readonly secret: Buffer;
  /** Roots beside the system's, PEM. */
  readonly ca: readonly string[] | undefined;
}

/**
 * `Egress-Signature: t=<seconds>,v1=<hex>`: HMAC-SHA-256 over `<seconds>.<body>` under the shared secret, so that the receiver knows who
 * sent it and can refuse what is old.
 */
export function signatureOf(secret: Buffer, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex")}`;
}

/** Posts one event. Rejects unless the receiver answers 2xx; a redirect is an answer like any other, and is not followed. */
export function postEvent({ url, secret, ca }: WebhookSettings, id: string, body: string, now: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const bytes = Buffer.from(body, "utf8");
    const headers = {
      "Content-Type": "application/json",
      "Content-Length": bytes.length,
      "User-Agent": "diffgram-egress-proxy",
      "Egress-Delivery": id,
      "Egress-Signature": signatureOf(secret, Math.floor(now / 1_000), body),
    };
    const options = { method: "POST", headers, timeout: PATIENCE_MS, signal: AbortSignal.timeout(PATIENCE_MS) };
    const sent = url.protocol === "http:" ? plainRequest(url, options) : request(url, { ...options, ...(ca && { ca: [...ca] }) });
    sent.on("response", (answer) => {
      answer.resume();
      const status = answer.statusCode ?? 0;
      if (status >= 200 && status < 300) resolve();
      else reject(new Error(`The receiver answered ${status}.`));
    });
    sent.on("error", reject);
    sent.end(bytes);
  });
}
