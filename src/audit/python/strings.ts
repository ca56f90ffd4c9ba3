const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "\n": "",
};

/** The prefix letters, quotes and raw content of a Python string literal (Python reference, 2.4.1). */
export function splitLiteral(source: string): { readonly raw: boolean; readonly start: number; readonly end: number } {
  const match = /^([a-zA-Z]*)('''|"""|'|")/.exec(source);
  if (match === null) return { raw: false, start: 0, end: source.length };
  const prefix = match[1] ?? "";
  const quote = match[2] ?? "";
  const start = prefix.length + quote.length;
  const end = source.endsWith(quote) && source.length >= start + quote.length ? source.length - quote.length : source.length;
  return { raw: /r/i.test(prefix), start, end };
}

/** Content of a literal with its escapes resolved; an unknown escape stands for itself, as in Python. */
export function unescapeText(content: string, raw: boolean): string {
  if (raw || !content.includes("\\")) return content;
  return content.replace(
    /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|[0-7]{1,3}|\r\n|[\s\S])/g,
    (whole, code: string) => {
      const simple = SIMPLE_ESCAPES[code];
      if (simple !== undefined) return simple;
      if (code === "\r\n") return "";
      if (/^[xuU]/.test(code) && code.length > 1) {
        const point = Number.parseInt(code.slice(1), 16);
        return point <= 0x10ffff ? String.fromCodePoint(point) : whole;
      }
      if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
      return whole;
    },
  );
}

/** The value of a plain string literal. */
export function literalText(source: string): string {
  const { raw, start, end } = splitLiteral(source);
  return unescapeText(source.slice(start, end), raw);
}
