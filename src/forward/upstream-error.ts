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
