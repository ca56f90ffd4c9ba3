/** A string or template literal of a script, or a comment, with its offset. */
export interface ScriptText {
  readonly kind: "string" | "comment";
  /** A template's holes stand as `${}`. */
  readonly text: string;
  readonly at: number;
  /** The code just before a string, without blanks: what it is handed to. At most 60 characters. */
  readonly before: string;
}

/**
 * Strings and comments of JavaScript and TypeScript (ECMA-262, 12). Regular expression literals are told from division by what stands
 * before them, so that a quote inside one opens no string. Never throws; an unclosed literal ends with its line or the text.
 */
export function scriptTexts(code: string, offset = 0): ScriptText[] {
  const out: ScriptText[] = [];
  let before = "";
  /** Depths of braces at which a template's hole ends. */
  const holes: { depth: number; from: number; text: string; before: string }[] = [];
  let depth = 0;
  let index = 0;
  const code_ = (char: string): void => {
    if (/\s/.test(char)) return;
    before = (before + char).slice(-60);
  };
  const template = (start: number, head: string, context: string): void => {
    let text = head;
    let at = index;
    for (; at < code.length; at += 1) {
      const char = code[at];
      if (char === "\\") {
        text += code[at + 1] ?? "";
        at += 1;
      } else if (char === "`") {
        index = at + 1;
        out.push({ kind: "string", text, at: offset + start, before: context });
        before = `${before}S`.slice(-60);
        return;
      } else if (char === "$" && code[at + 1] === "{") {
        holes.push({ depth, from: start, text: `${text}\${}`, before: context });
        index = at + 2;
        before = "{";
        return;
      } else text += char ?? "";
    }
    index = code.length;
    out.push({ kind: "string", text, at: offset + start, before: context });
  };
  while (index < code.length) {
    const char = code[index] ?? "";
    const next = code[index + 1];
    if (char === "/" && next === "/") {
      const end = code.indexOf("\n", index);
      const until = end < 0 ? code.length : end;
      out.push({ kind: "comment", text: code.slice(index + 2, until), at: offset + index, before: "" });
      index = until;
    } else if (char === "/" && next === "*") {
      const end = code.indexOf("*/", index + 2);
      const until = end < 0 ? code.length : end;
      out.push({ kind: "comment", text: code.slice(index + 2, until), at: offset + index, before: "" });
      index = until + 2;
    } else if (char === "'" || char === '"') {
      const start = index;
      const { text, end } = quoted(code, index, char);
      out.push({ kind: "string", text, at: offset + start, before });
      before = `${before}S`.slice(-60);
      index = end;
    } else if (char === "`") {
      const start = index;
      index += 1;
      template(start, "", before);
    } else if (char === "}" && holes.at(-1)?.depth === depth) {
      const hole = holes.pop();
      index += 1;
      if (hole !== undefined) template(hole.from, hole.text, hole.before);
    } else if (char === "/" && startsPattern(before)) {
      index = patternEnd(code, index);
      before = `${before}S`.slice(-60);
    } else {
      if (char === "{") depth += 1;
      else if (char === "}") depth -= 1;
      code_(char);
      index += 1;
    }
  }
  return out;
}

function quoted(code: string, start: number, quote: string): { readonly text: string; readonly end: number } {
  let text = "";
  for (let index = start + 1; index < code.length; index += 1) {
    const char = code[index];
    if (char === "\\") {
      index += 1;
      if (code[index] !== "\n") text += code[index] ?? "";
    } else if (char === quote) return { text, end: index + 1 };
    else if (char === "\n") return { text, end: index };
    else text += char ?? "";
  }
  return { text, end: code.length };
}

/** After a value a slash divides; anywhere else it opens a regular expression. */
function startsPattern(before: string): boolean {
  if (before === "") return true;
  if (/(?:^|[^\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|else|do)$/.test(before)) return true;
  return /[(,=:[!&|?{};+\-*%~^<>]$/.test(before);
}

function patternEnd(code: string, start: number): number {
  let inClass = false;
  for (let index = start + 1; index < code.length; index += 1) {
    const char = code[index];
    if (char === "\\") index += 1;
    else if (char === "\n") return start + 1;
    else if (char === "[") inClass = true;
    else if (char === "]") inClass = false;
    else if (char === "/" && !inClass) return index + 1;
  }
  return start + 1;
}
