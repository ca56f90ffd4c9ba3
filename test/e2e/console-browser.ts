import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { z } from "zod";
import { packageRoot } from "../../src/config/package-root.js";

/** Debian's Chromium, and nothing of it that calls home. */
export function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

const AXE = readFileSync(join(packageRoot(), "node_modules", "axe-core", "axe.min.js"), "utf8");
const RESULT = z.object({
  violations: z.array(
    z.object({
      id: z.string(),
      impact: z.string().nullable(),
      nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
    }),
  ),
});

/** What axe finds on the page that is serious or critical, by the rules of WCAG 2.2 AA. */
export async function seriousFaults(page: Page): Promise<readonly string[]> {
  // Run by the debugger's own world, so that the page's policy against inline scripts stays as it is.
  const found: unknown = await page.evaluate(
    `(() => { ${AXE}; return axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }); })()`,
  );
  return RESULT.parse(found)
    .violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary ?? ""}`),
    );
}
