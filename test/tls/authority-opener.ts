import { openAuthority } from "../../src/tls/authority.js";

/* A process of its own for authority.test.ts: opens the CA of a folder at the parent's word. */
process.on("message", () => {
  openAuthority({ dir: process.argv[2] ?? "", now: Date.now(), createIfMissing: true }).then(
    (authority) => process.send?.(authority.fingerprint, () => process.disconnect()),
    (error: unknown) => process.send?.(String(error), () => process.disconnect()),
  );
});
process.send?.("ready");
