import { argumentsOf, parametersOf } from "./signature.js";
import { literalText, splitLiteral, unescapeText } from "./strings.js";
import { childrenOf, PUNCTUATION, type SyntaxNode } from "./syntax.js";
import type { DictEntry, Expr, FunctionNode, Loop } from "./tree.js";

/** Lowers the grammar's expression nodes. Whatever it does not know becomes `opaque` around its parts, so that no call is lost. */
export class ExpressionReader {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The expressions among some sibling nodes, in order. `*value` keeps its star. */
  list(nodes: readonly SyntaxNode[]): Expr[] {
    const out: Expr[] = [];
    let star = false;
    for (const node of nodes) {
      if (node.name === "*") star = true;
      else if (!PUNCTUATION.has(node.name)) {
        const expr = this.expr(node);
        out.push(star ? { k: "star", of: expr, at: node.from } : expr);
        star = false;
      }
    }
    return out;
  }

  /** The source text of a node. */
  slice(node: SyntaxNode): string {
    return this.#text.slice(node.from, node.to);
  }

  expr(node: SyntaxNode): Expr {
    const at = node.from;
    switch (node.name) {
      case "VariableName":
        return { k: "name", id: this.slice(node), at };
      case "String":
        return { k: "text", text: literalText(this.slice(node)), at };
      case "FormatString":
        return { k: "format", parts: this.#format(node), at };
      case "ContinuedString": {
        const parts = childrenOf(node).flatMap((part) =>
          part.name === "FormatString" ? this.#format(part) : [literalText(this.slice(part))],
        );
        if (parts.every((part) => typeof part === "string")) return { k: "text", text: parts.join(""), at };
        return { k: "format", parts, at };
      }
      case "Number": {
        const value = Number(this.slice(node).replaceAll("_", ""));
        return { k: "plain", value: Number.isFinite(value) ? value : 0, at };
      }
      case "Boolean":
        return { k: "plain", value: this.slice(node) === "True", at };
      case "None":
      case "Ellipsis":
        return { k: "plain", value: null, at };
      case "ParenthesizedExpression":
      case "AwaitExpression": {
        const inner = this.list(childrenOf(node))[0];
        return inner ?? { k: "plain", value: null, at };
      }
      case "MemberExpression":
        return this.#member(node);
      case "CallExpression": {
        const parts = childrenOf(node);
        const callee = parts[0];
        const args = parts.find((part) => part.name === "ArgList");
        if (callee === undefined) break;
        return { k: "call", callee: this.expr(callee), args: args === undefined ? [] : argumentsOf(this, args), at };
      }
      case "DictionaryExpression":
        return { k: "dict", entries: this.#dict(node), at };
      case "ArrayExpression":
      case "TupleExpression":
      case "SetExpression":
        return { k: "list", items: this.list(childrenOf(node)), at };
      case "BinaryExpression": {
        const parts = childrenOf(node);
        const [left, right] = [parts[0], parts.at(-1)];
        const op = parts[1];
        if (left === undefined || right === undefined || op === undefined || parts.length < 3) break;
        if (op.name === "or" || op.name === "and") return { k: "either", of: [this.expr(left), this.expr(right)], at };
        if (op.name === "ArithOp" || op.name === "BitOp") {
          return { k: "binary", op: this.slice(op), left: this.expr(left), right: this.expr(right), at };
        }
        break;
      }
      case "ConditionalExpression": {
        const [yes, test, no] = this.list(childrenOf(node));
        if (yes === undefined || no === undefined || test === undefined) break;
        return { k: "either", of: [yes, no, { k: "opaque", parts: [test], at }], at };
      }
      case "ArrayComprehensionExpression":
      case "SetComprehensionExpression":
      case "ComprehensionExpression":
      case "DictionaryComprehensionExpression":
        return this.comprehension(node, childrenOf(node));
      case "LambdaExpression": {
        const parts = childrenOf(node);
        const params = parts.find((part) => part.name === "ParamList");
        const body = parts.at(-1);
        const def: FunctionNode = {
          name: "<lambda>",
          params: params === undefined ? [] : parametersOf(this, params),
          body: body === undefined ? [] : [{ k: "return", value: this.expr(body), at: body.from }],
          decorators: [],
          at,
        };
        return { k: "lambda", def, at };
      }
      case "NamedExpression": {
        const [target, value] = this.list(childrenOf(node).filter((part) => part.name !== "AssignOp"));
        if (target === undefined || value === undefined) break;
        return { k: "named", target, value, at };
      }
      case "YieldExpression": {
        const inner = this.list(childrenOf(node))[0];
        return inner ?? { k: "plain", value: null, at };
      }
      default:
        break;
    }
    return { k: "opaque", parts: this.list(childrenOf(node).filter((part) => !/Op$/.test(part.name))), at };
  }

  #member(node: SyntaxNode): Expr {
    const parts = childrenOf(node);
    const base = parts[0];
    const at = node.from;
    if (base === undefined) return { k: "opaque", parts: [], at };
    const of = this.expr(base);
    const property = parts.find((part) => part.name === "PropertyName");
    if (property !== undefined) return { k: "attribute", of, name: this.slice(property), at };
    const inside = parts.slice(2, -1);
    const index = inside.some((part) => part.name === ":") ? undefined : this.list(inside)[0];
    return { k: "item", of, index, at };
  }

  #dict(node: SyntaxNode): DictEntry[] {
    const out: DictEntry[] = [];
    let key: Expr | undefined;
    let spread = false;
    for (const part of childrenOf(node)) {
      if (part.name === "**") spread = true;
      else if (PUNCTUATION.has(part.name)) continue;
      else {
        const expr = this.expr(part);
        if (spread) out.push({ key: undefined, value: expr });
        else if (key === undefined) key = expr;
        else {
          out.push({ key, value: expr });
          key = undefined;
        }
        spread = false;
      }
    }
    return out;
  }

  /** The parts of a comprehension, its brackets included. */
  comprehension(node: SyntaxNode, parts: readonly SyntaxNode[]): Expr {
    const firstFor = parts.findIndex((part) => part.name === "for" || part.name === "async");
    const head = this.list(parts.slice(0, firstFor));
    const loops: Loop[] = [];
    let target: SyntaxNode[] = [];
    let iter: SyntaxNode[] = [];
    let stage: "target" | "iter" | "test" = "target";
    const flush = (): void => {
      const targets = this.list(target);
      const source = this.list(iter)[0];
      const only = targets.length > 1 ? ({ k: "list", items: targets, at: node.from } as const) : targets[0];
      if (only !== undefined && source !== undefined) loops.push({ target: only, iter: source });
      target = [];
      iter = [];
    };
    for (const part of parts.slice(firstFor)) {
      if (part.name === "for") {
        flush();
        stage = "target";
      } else if (part.name === "in") stage = "iter";
      else if (part.name === "if") stage = "test";
      else if (stage === "target") target.push(part);
      else if (stage === "iter") iter.push(part);
    }
    flush();
    const pair = node.name === "DictionaryComprehensionExpression" && head.length > 1;
    const value = pair ? head[1] : head[0];
    return {
      k: "comprehension",
      key: pair ? head[0] : undefined,
      value: value ?? { k: "plain", value: null, at: node.from },
      loops,
      at: node.from,
    };
  }

  /** Literal text and holes of an f-string (PEP 498). The text between holes is in the node's own range. */
  #format(node: SyntaxNode): (string | Expr)[] {
    const source = this.slice(node);
    const { raw, start, end } = splitLiteral(source);
    const parts: (string | Expr)[] = [];
    let from = start;
    const push = (until: number): void => {
      const text = unescapeText(source.slice(from, until), raw).replaceAll("{{", "{").replaceAll("}}", "}");
      if (text !== "") parts.push(text);
    };
    for (const part of childrenOf(node)) {
      if (part.name !== "FormatReplacement") continue;
      push(part.from - node.from);
      const hole = this.list(childrenOf(part).filter((inner) => !/^Format/.test(inner.name)))[0];
      if (hole !== undefined) parts.push(hole);
      from = part.to - node.from;
    }
    push(end);
    return parts;
  }
}
