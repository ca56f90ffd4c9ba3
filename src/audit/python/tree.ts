/**
 * Python reduced to what the audit asks of it: which value goes where. Control flow keeps its order, and loses its conditions.
 * `at` is an offset into the module's text.
 */
export type Expr =
  | { readonly k: "name"; readonly id: string; readonly at: number }
  | { readonly k: "text"; readonly text: string; readonly at: number }
  /** A number, boolean or None; `value` is undefined where it is a number that is not kept. */
  | { readonly k: "plain"; readonly value: number | boolean | null; readonly at: number }
  | { readonly k: "format"; readonly parts: readonly (string | Expr)[]; readonly at: number }
  | { readonly k: "attribute"; readonly of: Expr; readonly name: string; readonly at: number }
  | { readonly k: "item"; readonly of: Expr; readonly index: Expr | undefined; readonly at: number }
  | { readonly k: "call"; readonly callee: Expr; readonly args: readonly Argument[]; readonly at: number }
  | { readonly k: "dict"; readonly entries: readonly DictEntry[]; readonly at: number }
  | { readonly k: "list"; readonly items: readonly Expr[]; readonly at: number }
  | { readonly k: "binary"; readonly op: string; readonly left: Expr; readonly right: Expr; readonly at: number }
  /** One of several: a conditional expression, `or`, `and`. */
  | { readonly k: "either"; readonly of: readonly Expr[]; readonly at: number }
  | {
      readonly k: "comprehension";
      readonly key: Expr | undefined;
      readonly value: Expr;
      readonly loops: readonly Loop[];
      readonly at: number;
    }
  | { readonly k: "lambda"; readonly def: FunctionNode; readonly at: number }
  /** `name := value`. */
  | { readonly k: "named"; readonly target: Expr; readonly value: Expr; readonly at: number }
  /** `*value` where it stands among items. */
  | { readonly k: "star"; readonly of: Expr; readonly at: number }
  /** A comparison, a negation: yields nothing that can leak, and its parts are evaluated for their calls. */
  | { readonly k: "opaque"; readonly parts: readonly Expr[]; readonly at: number };

export interface Loop {
  readonly target: Expr;
  readonly iter: Expr;
}

export interface DictEntry {
  /** Undefined for `**value`. */
  readonly key: Expr | undefined;
  readonly value: Expr;
}

export interface Argument {
  /** Keyword, `*`, `**`, or undefined for a positional one. */
  readonly name: string | undefined;
  readonly value: Expr;
}

export type Stmt =
  | { readonly k: "assign"; readonly targets: readonly Expr[]; readonly value: Expr; readonly at: number }
  | { readonly k: "declare"; readonly target: Expr; readonly type: Expr | undefined; readonly at: number }
  | { readonly k: "augment"; readonly target: Expr; readonly op: string; readonly value: Expr; readonly at: number }
  | { readonly k: "expr"; readonly value: Expr; readonly at: number }
  | { readonly k: "return"; readonly value: Expr | undefined; readonly at: number }
  | { readonly k: "for"; readonly target: Expr; readonly iter: Expr; readonly body: readonly Stmt[]; readonly at: number }
  | {
      readonly k: "with";
      readonly items: readonly { readonly value: Expr; readonly target: Expr | undefined }[];
      readonly body: readonly Stmt[];
      readonly at: number;
    }
  /** `if`, `while`, `try`, `match`: its tests, then its bodies, each of which may or may not run. */
  | { readonly k: "branch"; readonly tests: readonly Expr[]; readonly bodies: readonly (readonly Stmt[])[]; readonly at: number }
  | {
      readonly k: "import";
      readonly module: string;
      readonly names: readonly ImportName[] | undefined;
      readonly as: string | undefined;
      readonly at: number;
    }
  | { readonly k: "def"; readonly def: FunctionNode; readonly at: number }
  | { readonly k: "class"; readonly def: ClassNode; readonly at: number };

export interface ImportName {
  /** `*` for everything. */
  readonly name: string;
  readonly as: string;
}

export interface Param {
  readonly name: string;
  readonly star: "" | "*" | "**";
  readonly keywordOnly: boolean;
  readonly fallback: Expr | undefined;
  readonly type: Expr | undefined;
}

export interface FunctionNode {
  readonly name: string;
  readonly params: readonly Param[];
  readonly body: readonly Stmt[];
  readonly decorators: readonly Expr[];
  readonly at: number;
}

export interface ClassNode {
  readonly name: string;
  readonly bases: readonly Expr[];
  readonly body: readonly Stmt[];
  readonly decorators: readonly Expr[];
  readonly at: number;
}
