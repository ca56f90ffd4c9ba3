import { childrenOf, PUNCTUATION, type SyntaxNode } from "./syntax.js";
import type { Argument, Expr, Param } from "./tree.js";

/** What a signature needs of the reader of expressions. */
interface Expressions {
  list(nodes: readonly SyntaxNode[]): Expr[];
  expr(node: SyntaxNode): Expr;
  slice(node: SyntaxNode): string;
  comprehension(node: SyntaxNode, parts: readonly SyntaxNode[]): Expr;
}

/** `@a.b(c)` as the expression it is. */
export function decoratorOf(reader: Expressions, node: SyntaxNode): Expr | undefined {
  let expr: Expr | undefined;
  for (const part of childrenOf(node)) {
    if (part.name === "ArgList") {
      if (expr !== undefined) expr = { k: "call", callee: expr, args: argumentsOf(reader, part), at: node.from };
    } else if (part.name === "VariableName" || part.name === "PropertyName") {
      const id = reader.slice(part);
      expr = expr === undefined ? { k: "name", id, at: part.from } : { k: "attribute", of: expr, name: id, at: part.from };
    } else if (part.name !== "At" && !PUNCTUATION.has(part.name)) expr = reader.expr(part);
  }
  return expr;
}

/** Arguments of a call or bases of a class; a bare generator is one argument. */
export function argumentsOf(reader: Expressions, list: SyntaxNode): Argument[] {
  const out: Argument[] = [];
  const parts = childrenOf(list);
  if (parts.some((part) => part.name === "for")) return [{ name: undefined, value: reader.comprehension(list, parts) }];
  let name: string | undefined;
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index];
    if (part === undefined || part.name === "AssignOp") continue;
    if (part.name === "*" || part.name === "**") name = part.name;
    else if (part.name === ",") name = undefined;
    else if (part.name === "VariableName" && parts[index + 1]?.name === "AssignOp") name = reader.slice(part);
    else if (!PUNCTUATION.has(part.name)) {
      out.push({ name, value: reader.expr(part) });
      name = undefined;
    }
  }
  return out;
}

/** Parameters with their types and defaults. */
export function parametersOf(reader: Expressions, list: SyntaxNode): Param[] {
  const out: Param[] = [];
  let star: "" | "*" | "**" = "";
  let keywordOnly = false;
  let current: { name: string; star: "" | "*" | "**"; type: Expr | undefined; fallback: Expr | undefined } | undefined;
  const flush = (): void => {
    if (current !== undefined) out.push({ ...current, keywordOnly: keywordOnly && current.star === "" });
    if (star === "*") keywordOnly = true;
    current = undefined;
    star = "";
  };
  for (const part of childrenOf(list)) {
    if (part.name === ",") flush();
    else if (part.name === "*" || part.name === "**") star = part.name;
    else if (part.name === "VariableName" && current === undefined)
      current = { name: reader.slice(part), star, type: undefined, fallback: undefined };
    else if (part.name === "TypeDef" && current !== undefined) current.type = reader.list(childrenOf(part))[0];
    else if (current !== undefined && part.name !== "AssignOp" && !PUNCTUATION.has(part.name)) current.fallback = reader.expr(part);
  }
  flush();
  return out;
}
