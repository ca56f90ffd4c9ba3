import { createHash } from "node:crypto";
import type { ConsoleApp } from "../console-parts.js";
import { SCRIPT } from "./script.js";
import { STYLE } from "./style.js";

/** A named version never changes, so a browser may keep it. */
function versioned(name: string, extension: string, text: string): string {
  return `/assets/${name}-${createHash("sha256").update(text).digest("hex").slice(0, 12)}.${extension}`;
}

export const STYLE_PATH = versioned("style", "css", STYLE);
export const SCRIPT_PATH = versioned("script", "js", SCRIPT);

const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="6" fill="#1f5fbf"/><path d="M6 12h8M11 8.5 14.5 12 11 15.5" fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/><path d="M17.5 6v12" stroke="#fff" stroke-width="2" stroke-linecap="round"/></svg>`;

/** Style, script and icon: the same for everyone, so nobody has to be signed in. */
export function addAssetRoutes(app: ConsoleApp): void {
  const kept: readonly (readonly [string, string, string])[] = [
    [STYLE_PATH, "text/css; charset=utf-8", STYLE],
    [SCRIPT_PATH, "text/javascript; charset=utf-8", SCRIPT],
  ];
  for (const [path, type, text] of kept) {
    app.get(path, (context) => {
      context.header("Cache-Control", "public, max-age=31536000, immutable");
      return context.body(text, 200, { "Content-Type": type });
    });
  }
  app.get("/assets/icon.svg", (context) => {
    context.header("Cache-Control", "public, max-age=86400");
    return context.body(ICON, 200, { "Content-Type": "image/svg+xml" });
  });
}
