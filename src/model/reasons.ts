/**
 * Why an exchange was refused: a closed union, so that a dashboard, a record and a test can name each.
 * `egress_blocked_total{reason}` and the `code` of a refusal hold these words and no others.
 */
const REASON_SENTENCES = {
  // Where to: nothing in policy names this (invariant 1, default deny).
  "destination-not-allowed": "No case of the policy names this host.",
  "port-not-allowed": "The policy names this host, but not on this port.",
  "scheme-not-allowed": "The policy allows this destination over TLS only.",
  "method-not-allowed": "The policy does not name this method for this destination.",
  "path-not-allowed": "The policy does not name this path for this destination.",
  "query-not-allowed": "The policy names no query parameters for this path.",
  "content-type-not-allowed": "The policy does not name this content type for this destination.",
  "client-not-allowed": "The policy does not let this client use this destination.",
  "case-limited": "The operator has limited this case.",
  "support-closed": "No window of access is open for the vendor's support.",
  "address-refused": "The host's name leads to an address that is not on the public internet.",

  // Which target: every spelling must agree (invariant 3, one target).
  "target-invalid": "The request's target is not a host and port that can be read in one way only.",
  "target-mismatch": "The request names another host than its connection was opened for.",
  "sni-missing": "The TLS handshake names no server, so nothing proves which host the client means.",
  "sni-mismatch": "The TLS handshake names another host than the connection was opened for.",
  "not-tls": "The bytes in the tunnel are not TLS, so they can't be read.",
  "protocol-not-allowed": "The client asked for a protocol that can't be inspected.",

  // How it is written: two readers could disagree about it.
  "message-malformed": "The HTTP message is malformed.",
  "message-ambiguous": "The HTTP message can be read in two ways.",
  "headers-too-large": "The request's header section is over the limit.",
  "proxy-loop": "The connection is the proxy's own: its traffic is led back to it.",
  "upgrade-refused": "A protocol upgrade would leave the reach of inspection.",
  "request-late": "The request did not arrive whole in its time.",
  "expect-refused": "The request expects something other than 100-continue.",

  // What it holds: unreadable means blocked (invariant 5).
  "body-too-large": "The body is over the limit, so it was not read to its end.",
  "body-incomplete": "The client stopped in the middle of the body.",
  "coding-not-readable": "The body's content coding can't be read.",
  "charset-not-readable": "The body's characters can't be read.",
  "body-not-readable": "The body is not valid in the format that its content type states.",
  "inspection-late": "The inspection did not end within its budget.",
  "inspection-failed": "The inspection failed, so nothing is known about the body.",

  // What was found.
  "unexpected-data-transfer": "The body holds what the vendor promised never to take.",
  "schema-violation": "The body holds fields or values that the payload schema does not name.",
  "foreign-tenant": "The request belongs to another installation's account at the vendor.",

  "script-changed": "The destination served another script than those that the operator has pinned, so it was not handed on.",

  // What could not be done.
  "record-unavailable": "The finding can't be written to disk, and nothing with findings goes out unrecorded.",
  "quota-exceeded": "The client is past its quota.",
  "proxy-authentication-required": "The proxy needs to know who asks.",
  "shutting-down": "The proxy is stopping and takes no new exchanges.",
} as const satisfies Record<string, string>;

export type Reason = keyof typeof REASON_SENTENCES;

export const REASONS = Object.keys(REASON_SENTENCES) as Reason[];

/** One sentence that a security analyst understands. */
export function reasonSentence(reason: Reason): string {
  return REASON_SENTENCES[reason];
}

/**
 * Refusals that are no Unexpected Data Transfer: the customer's own limit, a message or handshake that never became a request, and what
 * the proxy itself could not do. Everything else tried to send something that no Limited Case covers.
 */
const NOT_A_TRANSFER: ReadonlySet<Reason> = new Set<Reason>([
  "case-limited",
  "support-closed",
  "script-changed",
  "target-invalid",
  "target-mismatch",
  "sni-missing",
  "sni-mismatch",
  "not-tls",
  "protocol-not-allowed",
  "message-malformed",
  "message-ambiguous",
  "headers-too-large",
  "upgrade-refused",
  "expect-refused",
  "body-incomplete",
  "request-late",
  "record-unavailable",
  "quota-exceeded",
  "proxy-authentication-required",
  "shutting-down",
]);

export function isUnexpectedTransfer(reason: Reason): boolean {
  return !NOT_A_TRANSFER.has(reason);
}
