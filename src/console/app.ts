import { Hono, type MiddlewareHandler } from "hono";
import { frontDoor, refuseCrossSite, whoAsks } from "./access/guard.js";
import { addDeskRoutes } from "./api/desk-routes.js";
import { addEvidenceRoutes } from "./api/evidence-routes.js";
import { addExceptionRoutes } from "./api/exception-routes.js";
import { addTransferRoutes } from "./api/transfers.js";
import { addAssetRoutes } from "./assets/asset-routes.js";
import type { ConsoleApp, ConsoleContext, ConsoleEnv, ConsoleParts } from "./console-parts.js";
import { StoreAway } from "./desk-access.js";
import { addAccessPages } from "./pages/access-page.js";
import { addSupportPage } from "./pages/support-page.js";
import { addAccountPages } from "./pages/account-page.js";
import { addEvidencePages } from "./pages/evidence-pages.js";
import { addReportPages } from "./pages/report-page.js";
import { problemPage } from "./pages/problem-page.js";
import { addDeskPages } from "./pages/desk-pages.js";
import { addInspectPage } from "./pages/inspect-page.js";
import { addSignInPages } from "./pages/sign-in-page.js";
import { addTransferPages } from "./pages/transfer-pages.js";
import { Problem, problemBody } from "./problem.js";

/** Bytes of a request's body: a pasted payload in a form is at most three times its own megabyte. */
const BODY_BYTES = 3 * 1_048_576 + 65_536;
/** Of somebody who has not signed in, and has a name and a password to send: two hundred who sent more would hold half a gigabyte of the proxy's memory. */
const STRANGERS_BYTES = 16_384;

/** Every page and route of the console. */
export function consoleApp(parts: ConsoleParts): ConsoleApp {
  const app = new Hono<ConsoleEnv>({ strict: true });
  app.onError((error, context) => answerFault(parts, error, context));
  app.notFound((context) => answerFault(parts, new Problem("not-found"), context));
  app.use(frontDoor(parts));
  app.use(boundedBody());
  addAssetRoutes(app);
  app.use(whoAsks(parts));
  app.use(boundedForStrangers());
  app.use(refuseCrossSite());
  addTransferRoutes(app, parts);
  addEvidenceRoutes(app, parts);
  addExceptionRoutes(app, parts);
  addDeskRoutes(app, parts);
  addSignInPages(app, parts);
  addDeskPages(app, parts);
  addTransferPages(app, parts);
  addEvidencePages(app, parts);
  addReportPages(app, parts);
  addInspectPage(app, parts);
  addAccountPages(app, parts);
  addSupportPage(app, parts);
  addAccessPages(app, parts);
  return app;
}

/** A body says its length before it is read, so that one that is too long is never begun. */
function boundedBody(): MiddlewareHandler<ConsoleEnv> {
  return (context, next) => {
    if (context.req.header("transfer-encoding") !== undefined) throw new Problem("length-required");
    if (Number(context.req.header("content-length") ?? 0) > BODY_BYTES) throw new Problem("too-large");
    return next();
  };
}

function boundedForStrangers(): MiddlewareHandler<ConsoleEnv> {
  return (context, next) => {
    const stranger = context.get("principal") === undefined;
    if (stranger && Number(context.req.header("content-length") ?? 0) > STRANGERS_BYTES)
      throw new Problem("too-large", "Sign in before you send so much.");
    return next();
  };
}

/** A fault as the asker reads it: problem+json below /api, a page elsewhere, the sign-in page where that is what is missing. */
function answerFault(parts: ConsoleParts, error: unknown, context: ConsoleContext): Response | Promise<Response> {
  const problem = error instanceof Problem ? error : new Problem("console-failed");
  if (problem === error) {
    if (problem instanceof StoreAway) parts.logger.error("The record store does not answer the console.", { fault: problem.fault });
  } else {
    parts.logger.error("The console failed.", { fault: error instanceof Error ? `${error.name} ${codeOf(error)}` : "unknown" });
  }
  for (const [name, value] of Object.entries(problem.headers)) context.header(name, value);
  if (context.req.path.startsWith("/api/")) {
    return context.body(JSON.stringify(problemBody(problem)), problem.status, { "Content-Type": "application/problem+json" });
  }
  if (problem.code === "unauthenticated" && context.req.method === "GET" && context.get("principal") === undefined) {
    const { pathname, search } = new URL(context.req.url);
    return context.redirect(pathname === "/" && search === "" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(pathname + search)}`, 303);
  }
  return context.html(problemPage(context, parts, problem), problem.status);
}

/** A message may quote what it failed on; a code never does. */
function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}
