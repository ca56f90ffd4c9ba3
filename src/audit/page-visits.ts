import { isTestPath, type CheckoutFile } from "./checkout.js";
import type { Observation } from "./finding.js";
import { scriptsOf } from "./front-end.js";
import { lineAt, lineStartsOf } from "./python/program.js";
import { scriptTexts } from "./script-tokens.js";

/** What a literal is handed to: the member of an event, the variable that becomes one, the function that takes the object's type. */
const HANDED: readonly (readonly [RegExp, "page_name" | "object_type"])[] = [
  [/(?:^|[^\w.]|let|var|const)page_name[:=]$/, "page_name"],
  [/(?:^|[^\w.])object_type:$/, "object_type"],
  [/\badd_visit_history_event\($/, "object_type"],
];

/**
 * Names of pages and of what was opened there, as the front end tells them by `create_event`: they go to the event hub as `page_name` and
 * `object_type` of a `user_visit`. Only literals, also those that a variable of the name holds first.
 */
export function readPageVisits(files: readonly CheckoutFile[]): Observation[] {
  return files.flatMap((file) => {
    if (file.kind !== "script" && file.kind !== "vue") return [];
    if (isTestPath(file.path) || !file.text.includes("create_event")) return [];
    const starts = lineStartsOf(file.text);
    const seen = new Set<string>();
    return scriptsOf(file).flatMap(({ code, offset }) =>
      scriptTexts(code, offset).flatMap(({ kind, text, at, before }): Observation[] => {
        const member = kind === "string" ? HANDED.find(([pattern]) => pattern.test(before))?.[1] : undefined;
        const name = `${member}:${text}`;
        if (member === undefined || !/^\w{1,64}$/.test(text) || seen.has(name)) return [];
        seen.add(name);
        return [
          {
            kind: "page-visit",
            file: file.path,
            line: lineAt(starts, at),
            name,
            detail: `A page tells of its visits with ${member} ${text}.`,
          },
        ];
      }),
    );
  });
}
