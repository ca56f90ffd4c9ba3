import type { parser } from "@lezer/python";

export type SyntaxNode = ReturnType<typeof parser.parse>["topNode"];

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const out: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) {
    if (child.name !== "Comment") out.push(child);
  }
  return out;
}

/** Nodes that stand between expressions and are none. */
export const PUNCTUATION = new Set([
  ",",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  ":",
  ".",
  "await",
  "raise",
  "return",
  "yield",
  "from",
  "del",
  "assert",
  "print",
  "if",
  "else",
  "elif",
  "for",
  "in",
  "while",
  "async",
  "try",
  "except",
  "finally",
  "match",
  "as",
  "*",
  "**",
  ";",
  "not",
  "is",
  "lambda",
]);
