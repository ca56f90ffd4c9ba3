import type { SupportRoute } from "../model/policy.js";
import { mendUnknown } from "./nearest-name.js";
import { pathFault } from "./policy-routes.js";
import { type FaultSink, readBoolean, readChoice, readList, readMembers, readText, readTexts } from "./tree-reader.js";
import type { Tree } from "./yaml-tree.js";

const ROUTE_KEYS = ["method", "path", "answer", "redact", "sign_in"] as const;

/** Reads what the vendor's support may ask of this installation; without any, nothing is answered. */
export function readSupportRoutes(
  tree: Tree | undefined,
  what: string,
  schemaNames: ReadonlySet<string>,
  faults: FaultSink,
): SupportRoute[] {
  const taken = new Set<string>();
  return readList(tree, what, faults).flatMap((item) => {
    const route = readSupportRoute(item, `A route of ${what}`, schemaNames, faults);
    if (route === undefined) return [];
    const key = `${route.method} ${route.path}`;
    if (taken.has(key)) faults.push({ where: item.where, what: `${what} names ${key} twice.`, mend: "Keep one of the two." });
    taken.add(key);
    return [route];
  });
}

function readSupportRoute(tree: Tree, what: string, schemaNames: ReadonlySet<string>, faults: FaultSink): SupportRoute | undefined {
  const members = readMembers(tree, ROUTE_KEYS, what, faults);
  if (members === undefined) return undefined;
  for (const key of ["method", "path", "answer"] as const) {
    if (!members.has(key)) faults.push({ where: tree.where, what: `${what} lacks ${key}.`, mend: `Add ${key}.` });
  }
  const methodTree = members.get("method")?.value;
  const pathTree = members.get("path")?.value;
  const answerTree = members.get("answer")?.value;
  const signInTree = members.get("sign_in")?.value;
  const method = methodTree && readChoice(methodTree, ["GET", "POST"], `${what}: method`, faults);
  const path = pathTree && readText(pathTree, `${what}: path`, faults);
  const answer = answerTree && readText(answerTree, `${what}: answer`, faults);
  const redact = readTexts(members.get("redact")?.value, `${what}: redact`, faults, () => true);
  const signIn = signInTree === undefined ? false : (readBoolean(signInTree, `${what}: sign_in`, faults) ?? false);
  if (path !== undefined && pathTree !== undefined) {
    const wrong = pathFault(path);
    if (wrong !== undefined) faults.push({ where: pathTree.where, what: `${what}: the path "${path}" ${wrong.what}`, mend: wrong.mend });
  }
  if (answer !== undefined && answerTree !== undefined && !schemaNames.has(answer)) {
    const mend = mendUnknown(answer, [...schemaNames].sort());
    faults.push({ where: answerTree.where, what: `${what} names the answer "${answer}", which rules/schemas/ does not hold.`, mend });
  }
  if (method === "POST" && !signIn) {
    faults.push({
      where: tree.where,
      what: `${what} would let support change something.`,
      mend: "Only a route with sign_in: true takes POST.",
    });
  }
  return method === undefined || path === undefined || answer === undefined ? undefined : { method, path, answer, redact, signIn };
}
