/** OpenSSL's and Node's error codes, to a few words that a dashboard can hold. */
export function tlsFailureReason(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  if (code.includes("UNKNOWN_CA") || code.includes("CERTIFICATE_UNKNOWN") || code.includes("BAD_CERTIFICATE")) return "client-distrusts-ca";
  if (code.includes("PROTOCOL")) return "protocol";
  if (code.includes("CIPHER")) return "cipher";
  if (code === "ECONNRESET" || code === "EPIPE") return "reset";
  return "other";
}
