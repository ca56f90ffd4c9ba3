import assert from "node:assert/strict";
import { z } from "zod";
import type { Answer } from "./answer.js";
import type { RequestCase } from "./case-file.js";
import { MARKER } from "./specimen.js";
import type { Arrived } from "./vendor.js";

/* Whether what became of a request is what its case says. */

const PROBLEM = z.object({ code: z.string(), message: z.string(), detail: z.string(), record: z.string().nullable(), findings: z.array(z.object({ rule: z.string(), pointer: z.string() })) });

/** @throws AssertionError where the answer is another than the request says */
export function judgeAnswer(request: RequestCase, answer: Answer | undefined): void {
  if (request.closed === true) {
    assert.equal(answer, undefined, `expected the connection to end, got ${answer?.status ?? 0} ${answer?.body ?? ""}`);
    return;
  }
  if (request.or_reset === true && (answer === undefined || answer.cut === true)) return;
  if (request.breaks_off === true) {
    assert.ok(answer === undefined || answer.cut === true, `what broke off passes for a whole answer: ${answer?.status ?? 0} ${answer?.body ?? ""}`);
    return;
  }
  assert.ok(answer !== undefined, "the connection ended without an answer");
  const shown = `${answer.status} ${answer.body}`;
  assert.notEqual(answer.cut, true, `the answer broke off: ${shown}`);
  assert.equal(answer.body.includes(MARKER), false, "the answer repeats the secret");
  for (const piece of request.answer_lacks ?? []) assert.equal(answer.head.toLowerCase().includes(piece.toLowerCase()), false, `the answer holds ${piece}`);
  for (const piece of request.answer_holds ?? []) assert.ok(answer.head.toLowerCase().includes(piece.toLowerCase()), `the answer lacks ${piece}: ${answer.head}`);
  for (const piece of request.says ?? []) assert.ok(answer.body.includes(piece), `the answer does not say ${piece}: ${shown}`);
  if (request.status !== undefined) assert.equal(answer.status, request.status, shown);
  if (request.delivered === true) assert.equal(answer.status, 200, shown);
  if (request.refused === undefined) return;
  assert.ok([403, 407, 429, 502, 504].includes(answer.status), shown);
  const problem = PROBLEM.parse(JSON.parse(answer.body));
  assert.ok(request.refused.some((reason) => reason === problem.code), `refused as ${problem.code}, expected ${request.refused.join(" or ")}: ${shown}`);
  if (answer.status === 403 || answer.status === 407) assert.ok(problem.record !== null, "a refusal without a record");
  if (request.detail !== undefined) assert.ok(problem.detail.includes(request.detail), `refused because "${problem.detail}", expected "${request.detail}"`);
  if (request.findings !== undefined) assert.equal(problem.findings.length, request.findings, `findings: ${shown}`);
  if (request.finding === undefined) return;
  const found = problem.findings.map((finding) => finding.rule);
  assert.ok(request.finding.some((rule) => found.includes(rule)), `found ${found.join(", ")}, expected ${request.finding.join(" or ")}`);
}

/** @throws AssertionError where another message than the one that was sent reached the vendor */
export function judgeArrival(request: RequestCase, body: Buffer, arrived: Arrived | undefined): void {
  assert.ok(arrived !== undefined, "nothing reached the vendor");
  assert.deepEqual(arrived.body, body, "what was inspected is what is sent");
  const head = [arrived.requestLine, ...arrived.fields].join("\r\n").toLowerCase();
  if (request.path !== undefined) assert.equal(arrived.requestLine.split(" ")[1], request.path);
  for (const piece of request.holds ?? []) assert.ok(head.includes(piece.toLowerCase()), `the vendor's message lacks ${piece}: ${head}`);
  for (const piece of request.lacks ?? []) assert.equal(head.includes(piece.toLowerCase()), false, `the vendor's message holds ${piece}`);
}
