const WORDS: Readonly<Record<string, string>> = { True: "true", False: "false", None: "null" };

/**
 * A Python literal as JSON text (`{'id': 1, 'points': (1, 2), 'done': None}`), since Diffgram writes `str()` of dicts into its error logs;
 * undefined where it doesn't look like one. Not checked: the JSON scanner judges the result.
 */
export function pythonAsJson(literal: string): string | undefined {
  if (!/['(]|True|False|None/.test(literal)) return undefined;
  let json = "";
  let at = 0;
  while (at < literal.length) {
    const character = literal[at] ?? "";
    if (character === "'" || character === '"') {
      const end = closingQuote(literal, at, character);
      if (end < 0) return undefined;
      json += JSON.stringify(unescaped(literal.slice(at + 1, end)));
      at = end + 1;
    } else if (/[A-Za-z]/.test(character)) {
      const word = /^[A-Za-z]+/.exec(literal.slice(at, at + 32))?.[0] ?? "";
      if (Object.hasOwn(WORDS, word)) json += WORDS[word] ?? "";
      // A prefix of a string (`u'x'`, `b'x'`) says how it is written, not what it holds.
      else if (!(word.length <= 2 && /['"]/.test(literal[at + word.length] ?? ""))) return undefined;
      at += word.length;
    } else {
      if (character === "(") json += "[";
      else if (character === ")" || character === "]" || character === "}")
        json = json.replace(/,\s*$/, "") + (character === ")" ? "]" : character);
      else json += character;
      at += 1;
    }
  }
  return json;
}

function closingQuote(literal: string, from: number, quote: string): number {
  for (let at = from + 1; at < literal.length; at += 1) {
    if (literal[at] === "\\") at += 1;
    else if (literal[at] === quote) return at;
  }
  return -1;
}

function unescaped(text: string): string {
  return text.includes("\\") ? text.replace(/\\(['"\\])/g, "$1") : text;
}
