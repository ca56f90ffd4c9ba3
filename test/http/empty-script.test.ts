import assert from "node:assert/strict";
import { test } from "node:test";
import { answerByEmptyScript } from "../../src/http/empty-script.js";
import type { AnswerSink } from "../../src/model/answer.js";

type Asked = Parameters<typeof answerByEmptyScript>;

/** What the client gets; undefined: nothing, so the refusal goes on. */
function answered(method: string, path: string, caseName: string | undefined, routes: readonly string[]): string | undefined {
  let told: string | undefined;
  const sink: AnswerSink = {
    head: (status, headers) => {
      told = `${status} ${headers.find(([name]) => name === "Content-Type")?.[1] ?? ""}`;
    },
    data: () => true,
    end: () => undefined,
    abort: () => undefined,
    onDrain: () => undefined,
    onClose: () => undefined,
  };
  const head = { method, path } as Asked[0];
  const destination =
    caseName === undefined
      ? undefined
      : ({
          caseName,
          routes: routes.map((route) => ({
            path: route.replace("watched ", ""),
            script: route.startsWith("watched ") ? { pinned: [] } : undefined,
          })),
        } as unknown as Asked[1]);
  return answerByEmptyScript(head, destination, sink) ? told : undefined;
}

test("a script that the policy names of the limited case is answered by an empty one", () =>
  assert.equal(answered("GET", "/gtm.js", "js-error-collection", ["/gtm.js"]), "200 application/javascript"));

test("so is one whose route says that it is a script, whatever it is called", () =>
  assert.equal(answered("GET", "/gtag/js", "js-error-collection", ["watched /gtag/js"]), "200 application/javascript"));

const NOT: readonly (readonly [sentence: string, ...Parameters<typeof answered>])[] = [
  ["another method", "POST", "/gtm.js", "js-error-collection", ["/gtm.js"]],
  ["what is no script", "GET", "/g/collect", "js-error-collection", ["/g/collect"]],
  ["a script that the policy does not name", "GET", "/other.js", "js-error-collection", ["/gtm.js"]],
  ["a script of another case", "GET", "/gtm.js", "event-collection", ["/gtm.js"]],
  ["a script of no destination", "GET", "/gtm.js", undefined, []],
];

for (const [sentence, ...asked] of NOT) {
  test(`${sentence} is not`, () => assert.equal(answered(...asked), undefined));
}
