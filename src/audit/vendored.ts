import type { CheckoutFile } from "./checkout.js";

/** Folders by whose name a team says that it did not write what is in them. */
const OTHERS = /^(?:vendor|vendors|vendored|third[-_]?party|bower_components)$/i;
/** A line of this many characters in a file of such lines on average was written by a bundler. */
const LONG_LINE = 2_000;
const LONG_ON_AVERAGE = 200;

/**
 * The folder (or file) of other people's code that a front-end file belongs to; undefined for the product's own. A library is known by its
 * folder (`vendor/`, `assets/NAME/` with plain scripts or pages), a bundle by its line lengths, so that a file needs no telling name.
 */
export function vendoredUnder(file: CheckoutFile): string | undefined {
  const segments = file.path.split("/");
  const named = segments.slice(0, -1).findIndex((segment) => OTHERS.test(segment));
  if (named >= 0) return segments.slice(0, named + 2).join("/");
  const assets = segments.indexOf("assets");
  if (assets >= 0 && assets < segments.length - 2 && /\.(?:[cm]?js|html?)$/i.test(file.path))
    return segments.slice(0, assets + 2).join("/");
  return file.kind === "script" && isBundled(file.text) ? file.path : undefined;
}

function isBundled(text: string): boolean {
  let lines = 0;
  let longest = 0;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf("\n", from);
    const until = end < 0 ? text.length : end;
    longest = Math.max(longest, until - from);
    lines += 1;
    from = until + 1;
  }
  return longest >= LONG_LINE && text.length / Math.max(1, lines) >= LONG_ON_AVERAGE;
}
