import type { AnswerSink } from "../model/answer.js";
import type { RequestHead } from "../model/exchange.js";
import type { Destination } from "../model/policy.js";

/** Says why in the page's own tools, and does nothing. */
const SCRIPT = Buffer.from("/* diffgram-egress-proxy: the operator has limited this case, so nothing is loaded. */\n");

/**
 * Answers a limited case's script by an empty one: a page that waits for its loader goes on, where a refusal would show as its error. Only a
 * path that the policy names as a script of the destination is answered so.
 *
 * @returns false where it is no such request, and nothing was answered
 */
export function answerByEmptyScript(head: RequestHead | undefined, destination: Destination | undefined, answer: AnswerSink): boolean {
  if (head?.method !== "GET" || destination?.caseName !== "js-error-collection") return false;
  // Google's tag has no file's name: `/gtag/js`. Its route says that it is a script.
  if (!destination.routes.some(({ path, script }) => path === head.path && (script !== undefined || path.endsWith(".js")))) return false;
  answer.head(200, [
    ["Content-Type", "application/javascript"],
    ["Cache-Control", "no-store"],
    ["Content-Length", String(SCRIPT.length)],
  ]);
  answer.data(SCRIPT);
  answer.end();
  return true;
}
