import { parser } from "@lezer/python";
import { ExpressionReader } from "./expressions.js";
import { argumentsOf, decoratorOf, parametersOf } from "./signature.js";
import { childrenOf, type SyntaxNode } from "./syntax.js";
import type { ClassNode, Expr, FunctionNode, ImportName, Stmt } from "./tree.js";

export type Parsed = { readonly body: readonly Stmt[] } | { readonly brokenAt: number };

/** Nesting past this is no code that people write; the reader recurses, so it needs a bound. */
const MAX_DEPTH = 200;

/**
 * Reads a module. Never throws on any text: a module that does not parse is `brokenAt` an offset.
 * The grammar knows no bare `yield` and no form feed; both are masked by text of the same length, so that offsets hold.
 */
export function parsePython(text: string): Parsed {
  const masked = text.replace(/\f/g, " ").replace(/\byield(?=[ \t]*(?:#[^\n]*)?(?:\r?\n|$|[)\];]))/g, "None ");
  const tree = parser.parse(masked);
  let brokenAt = -1;
  let depth = 0;
  let deepest = 0;
  tree.iterate({
    enter(node) {
      depth += 1;
      if (depth > deepest) deepest = depth;
      if (node.type.isError && brokenAt < 0) brokenAt = node.from;
    },
    leave() {
      depth -= 1;
    },
  });
  if (brokenAt >= 0) return { brokenAt };
  if (deepest > MAX_DEPTH) return { brokenAt: 0 };
  return { body: new StatementReader(masked).block(tree.topNode) };
}

class StatementReader {
  readonly #expressions: ExpressionReader;
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    this.#expressions = new ExpressionReader(text);
  }

  block(node: SyntaxNode): Stmt[] {
    const out: Stmt[] = [];
    for (const child of childrenOf(node)) this.#statement(child, out);
    return out;
  }

  #statement(node: SyntaxNode, out: Stmt[]): void {
    const read = this.#expressions;
    const at = node.from;
    switch (node.name) {
      case "StatementGroup":
        for (const child of childrenOf(node)) this.#statement(child, out);
        return;
      case "AssignStatement":
        this.#assign(node, out);
        return;
      case "UpdateStatement": {
        const parts = childrenOf(node);
        const op = parts.find((part) => part.name === "UpdateOp");
        const [target, value] = read.list(parts.filter((part) => part !== op));
        if (target !== undefined && value !== undefined && op !== undefined) {
          out.push({ k: "augment", target, op: this.#text.slice(op.from, op.to - 1), value, at });
        }
        return;
      }
      case "ExpressionStatement":
      case "YieldStatement":
      case "RaiseStatement":
      case "AssertStatement":
      case "DeleteStatement":
      case "PrintStatement":
        for (const value of read.list(childrenOf(node))) out.push({ k: "expr", value, at });
        return;
      case "ReturnStatement": {
        const values = read.list(childrenOf(node));
        out.push({ k: "return", value: tupleOf(values, at), at });
        return;
      }
      case "ImportStatement":
        this.#import(node, out);
        return;
      case "ForStatement": {
        const parts = childrenOf(node);
        const inAt = parts.findIndex((part) => part.name === "in");
        const bodies = parts.filter((part) => part.name === "Body");
        const target = tupleOf(read.list(parts.slice(0, inAt)), at);
        const iter = tupleOf(read.list(parts.slice(inAt + 1).filter((part) => part.name !== "Body")), at);
        if (target !== undefined && iter !== undefined) {
          out.push({ k: "for", target, iter, body: bodies.flatMap((body) => this.block(body)), at });
        }
        return;
      }
      case "WithStatement":
        this.#with(node, out);
        return;
      case "IfStatement":
      case "WhileStatement":
      case "TryStatement":
      case "MatchStatement":
        this.#branch(node, out);
        return;
      case "FunctionDefinition":
        out.push({ k: "def", def: this.#function(node, []), at });
        return;
      case "ClassDefinition":
        out.push({ k: "class", def: this.#class(node, []), at });
        return;
      case "DecoratedStatement": {
        const parts = childrenOf(node);
        const decorators = parts.filter((part) => part.name === "Decorator").flatMap((part) => decoratorOf(read, part) ?? []);
        for (const part of parts) {
          if (part.name === "FunctionDefinition") out.push({ k: "def", def: this.#function(part, decorators), at: part.from });
          else if (part.name === "ClassDefinition") out.push({ k: "class", def: this.#class(part, decorators), at: part.from });
        }
        return;
      }
      default:
        return;
    }
  }

  #assign(node: SyntaxNode, out: Stmt[]): void {
    const read = this.#expressions;
    const at = node.from;
    const groups: SyntaxNode[][] = [[]];
    let type: Expr | undefined;
    for (const part of childrenOf(node)) {
      if (part.name === "AssignOp") groups.push([]);
      else if (part.name === "TypeDef") type = read.list(childrenOf(part))[0];
      else groups.at(-1)?.push(part);
    }
    const sides = groups.map((group) => tupleOf(read.list(group), at));
    const value = sides.length > 1 ? sides.pop() : undefined;
    const targets = sides.filter((side) => side !== undefined);
    if (type !== undefined && targets[0] !== undefined) out.push({ k: "declare", target: targets[0], type, at });
    if (value !== undefined) out.push({ k: "assign", targets, value, at });
  }

  #with(node: SyntaxNode, out: Stmt[]): void {
    const items: { value: Expr; target: Expr | undefined }[] = [];
    let body: Stmt[] = [];
    let awaitsTarget = false;
    for (const part of childrenOf(node)) {
      if (part.name === "as") awaitsTarget = true;
      else if (part.name === "Body") body = this.block(part);
      else {
        const expr = this.#expressions.list([part])[0];
        if (expr === undefined) continue;
        const last = items.at(-1);
        if (awaitsTarget && last !== undefined) last.target = expr;
        else items.push({ value: expr, target: undefined });
        awaitsTarget = false;
      }
    }
    out.push({ k: "with", items, body, at: node.from });
  }

  #branch(node: SyntaxNode, out: Stmt[]): void {
    const tests: Expr[] = [];
    const bodies: Stmt[][] = [];
    for (const part of childrenOf(node)) {
      if (part.name === "Body") bodies.push(this.block(part));
      else if (part.name === "MatchBody") {
        for (const clause of childrenOf(part)) {
          for (const inner of childrenOf(clause)) if (inner.name === "Body") bodies.push(this.block(inner));
        }
      } else tests.push(...this.#expressions.list([part]));
    }
    out.push({ k: "branch", tests, bodies, at: node.from });
  }

  #function(node: SyntaxNode, decorators: readonly Expr[]): FunctionNode {
    const parts = childrenOf(node);
    const name = parts.find((part) => part.name === "VariableName");
    const params = parts.find((part) => part.name === "ParamList");
    const body = parts.find((part) => part.name === "Body");
    return {
      name: name === undefined ? "" : this.#text.slice(name.from, name.to),
      params: params === undefined ? [] : parametersOf(this.#expressions, params),
      body: body === undefined ? [] : this.block(body),
      decorators,
      at: node.from,
    };
  }

  #class(node: SyntaxNode, decorators: readonly Expr[]): ClassNode {
    const parts = childrenOf(node);
    const name = parts.find((part) => part.name === "VariableName");
    const bases = parts.find((part) => part.name === "ArgList");
    const body = parts.find((part) => part.name === "Body");
    return {
      name: name === undefined ? "" : this.#text.slice(name.from, name.to),
      bases: bases === undefined ? [] : argumentsOf(this.#expressions, bases).flatMap((arg) => (arg.name === undefined ? [arg.value] : [])),
      body: body === undefined ? [] : this.block(body),
      decorators,
      at: node.from,
    };
  }

  #import(node: SyntaxNode, out: Stmt[]): void {
    const at = node.from;
    const words = childrenOf(node).map((part) => ({ name: part.name, text: this.#text.slice(part.from, part.to) }));
    const fromImport = words[0]?.name === "from";
    let module = "";
    let index = 1;
    if (fromImport) {
      for (; index < words.length && words[index]?.name !== "import"; index += 1) module += words[index]?.text ?? "";
      index += 1;
    }
    const names: ImportName[] = [];
    let dotted = "";
    let alias: string | undefined;
    let awaitsAlias = false;
    const flush = (): void => {
      if (dotted !== "") names.push({ name: dotted, as: alias ?? dotted });
      dotted = "";
      alias = undefined;
      awaitsAlias = false;
    };
    for (; index < words.length; index += 1) {
      const word = words[index];
      if (word === undefined || word.name === "(" || word.name === ")") continue;
      if (word.name === ",") flush();
      else if (word.name === "as") awaitsAlias = true;
      else if (awaitsAlias) alias = word.text;
      else dotted += word.text;
    }
    flush();
    if (fromImport) out.push({ k: "import", module, names, as: undefined, at });
    else for (const { name, as } of names) out.push({ k: "import", module: name, names: undefined, as: as === name ? undefined : as, at });
  }
}

function tupleOf(values: readonly Expr[], at: number): Expr | undefined {
  return values.length > 1 ? { k: "list", items: values, at } : values[0];
}
