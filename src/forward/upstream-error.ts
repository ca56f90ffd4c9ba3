import type { UpstreamErrorKind } from "../model/ports.js";

/** A fault of the upstream, or of the way to it. `kind` is the metric's label. */
export class UpstreamError extends Error {
  readonly kind: UpstreamErrorKind;

  constructor(kind: UpstreamErrorKind, message: string) {
    super(message);
    this.name = "UpstreamError";
    this.kind = kind;
  }
}

/** What is told where a connection of ours is met by a listener of ours. */
export function cameBack(): UpstreamError {
  return new UpstreamError(
    "loop",
    "The connection came back to this proxy: exempt the proxy's own traffic from the redirect, or mend where the destination's name, connect or parent leads.",
  );
}
