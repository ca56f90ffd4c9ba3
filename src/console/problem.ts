/** The faults that the API and the pages answer with, each with its status. */
const PROBLEMS = {
  "invalid-request": [400, "The request can't be used."],
  unauthenticated: [401, "Sign in first."],
  forbidden: [403, "Your role does not allow this."],
  "cross-site": [403, "The request did not come from this console's own pages."],
  "not-found": [404, "There is nothing here."],
  "method-not-allowed": [405, "This can't be done here."],
  "not-acceptable": [406, "There is no answer in a form that the request accepts."],
  conflict: [409, "The record is not in a state that allows this."],
  "length-required": [411, "A body needs a Content-Length."],
  "precondition-failed": [412, "The record changed since it was read."],
  "too-large": [413, "The request is too large."],
  "unsupported-media-type": [415, "The request's content type is not understood."],
  "wrong-host": [421, "This console does not answer to that name."],
  "too-many-requests": [429, "Too many tries."],
  "console-failed": [500, "The console failed; its log says more."],
  "store-away": [503, "The record store does not answer. Try again in a moment."],
} as const satisfies Record<string, readonly [status: number, title: string]>;

export type ProblemCode = keyof typeof PROBLEMS;

export interface InvalidParameter {
  readonly name: string;
  readonly reason: string;
}

/** Thrown where a request can't be answered; carries what its answer says (RFC 9457). */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly detail: string | undefined;
  readonly invalid: readonly InvalidParameter[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: ProblemCode,
    detail?: string,
    more: { readonly invalid?: readonly InvalidParameter[]; readonly headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail ?? PROBLEMS[code][1]);
    this.name = "Problem";
    this.code = code;
    this.detail = detail;
    this.invalid = more.invalid ?? [];
    this.headers = more.headers ?? {};
  }

  get status(): (typeof PROBLEMS)[ProblemCode][0] {
    return PROBLEMS[this.code][0];
  }

  get title(): string {
    return PROBLEMS[this.code][1];
  }
}

/** The members of `application/problem+json`. */
export function problemBody(problem: Problem): Readonly<Record<string, unknown>> {
  return {
    type: "about:blank",
    title: problem.title,
    status: problem.status,
    code: problem.code,
    ...(problem.detail === undefined ? {} : { detail: problem.detail }),
    ...(problem.invalid.length === 0 ? {} : { invalid: problem.invalid }),
  };
}
