/** The client's connection is gone: Linux says EPIPE where the client had ended its side before. */
const GONE: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE"]);

/** OpenSSL's and Node's error codes, to a few words that a dashboard can hold. */
export function tlsFailureReason(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (code.includes("UNKNOWN_CA") || code.includes("CERTIFICATE_UNKNOWN") || code.includes("BAD_CERTIFICATE")) return "client-distrusts-ca";
  if (code.includes("PROTOCOL")) return "protocol";
  if (code.includes("CIPHER")) return "cipher";
  if (GONE.has(code)) return "reset";
  return "other";
}
