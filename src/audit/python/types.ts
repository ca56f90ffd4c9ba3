import { lineage, typeWord } from "./declarations.js";
import type { Engine } from "./engine.js";
import type { ClassInfo, Value } from "./value.js";

/** The class of the checkout whose instance a value is, by annotation, relationship, query, or by its name where only one fits. */
export function typeOf(evaluator: Engine, value: Value, depth = 0): ClassInfo | undefined {
  if (depth > 8) return undefined;
  if (value.k === "object") return value.cls;
  if (value.k === "param") {
    const type = value.fn.node.params.find((param) => param.name === value.name)?.type;
    return type === undefined ? undefined : classOf(evaluator, typeWord(type));
  }
  if (value.k === "part" && value.via === "attribute") {
    const owner = typeOf(evaluator, value.of, depth + 1);
    const member =
      owner === undefined
        ? undefined
        : lineage(evaluator, owner)
            .map((cls) => cls.members.get(value.name))
            .find((found) => found !== undefined);
    if (member?.k === "call" && /^relationship$/.test(typeWord(member.callee))) {
      const target = member.args[0]?.value;
      const named = target === undefined ? undefined : classOf(evaluator, typeWord(target));
      if (named !== undefined) return named;
    }
    return classOf(evaluator, value.name);
  }
  if (value.k === "result") {
    const query = queried(value);
    return query?.k === "class" ? query.cls : undefined;
  }
  return undefined;
}

function classOf(evaluator: Engine, name: string): ClassInfo | undefined {
  const [exact, second] = evaluator.classesNamed(name);
  if (exact !== undefined && second === undefined) return exact;
  const folded = foldName(name);
  const found = folded.length < 4 ? [] : evaluator.classesFolded(folded);
  return found.length === 1 ? found[0] : undefined;
}

/** A name without its case and underscores: `report_template` and `ReportTemplate` are alike. */
export function foldName(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

/** `session.query(X).filter(…).first()` → X. */
function queried(value: Value): Value | undefined {
  let current: Value = value;
  for (let depth = 0; depth < 12; depth += 1) {
    if (current.k === "result") {
      if (current.callee.k === "part" && current.callee.name === "query") return current.args[0]?.value;
      current = current.callee;
    } else if (current.k === "part") current = current.of;
    else return undefined;
  }
  return undefined;
}
