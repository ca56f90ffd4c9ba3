import type { CaseName } from "../model/limited-case.js";
import type { Destination, Route } from "../model/policy.js";
import type { Reason } from "../model/reasons.js";

export type RouteMatch =
  | { readonly ok: true; readonly destination: Destination; readonly route: Route }
  | { readonly ok: false; readonly reason: Reason; readonly caseName: CaseName; readonly destination: Destination };

/** What a request asks of its destination. */
export interface RouteQuestion {
  readonly method: string;
  /** In the one normal form, without query. */
  readonly path: string;
  /** Whether there is a query string that is not empty. */
  readonly hasQuery: boolean;
  /** Media type without parameters, lower case; "" for a body whose type is not stated; undefined where the request has no body. */
  readonly contentType: string | undefined;
}

/**
 * Finds the route that names path, method, query and content type, or says which of the four no route names. Each step narrows what the
 * step before left, so a reason is true of the routes that were still possible.
 */
export function matchRoute(destination: Destination, asked: RouteQuestion): RouteMatch {
  let routes = destination.routes;
  for (const [reason, fits] of STEPS) {
    // Where all fit, which of one route is the rule, no list is made.
    if (!routes.every((route) => fits(route, asked))) routes = routes.filter((route) => fits(route, asked));
    if (routes.length === 0) return { ok: false, reason, caseName: destination.caseName, destination };
  }
  const route = routes[0];
  // A destination without routes fell at the first step; this is what the type checker can't know.
  if (route === undefined) return { ok: false, reason: "path-not-allowed", caseName: destination.caseName, destination };
  return { ok: true, destination, route };
}

const STEPS: readonly (readonly [Reason, (route: Route, asked: RouteQuestion) => boolean])[] = [
  ["path-not-allowed", (route, asked) => route.path === asked.path],
  ["method-not-allowed", (route, asked) => route.methods.includes(asked.method)],
  ["query-not-allowed", (route, asked) => !asked.hasQuery || route.querySchema !== undefined],
  ["content-type-not-allowed", (route, asked) => asked.contentType === undefined || takesBody(route, asked.contentType)],
];

/** A body without a schema is a body that nothing would read, so it is refused whatever its type. */
function takesBody(route: Route, contentType: string): boolean {
  return route.schema !== undefined && route.contentTypes.includes(contentType);
}
