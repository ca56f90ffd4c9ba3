import { alternatives, constText, joinText, text, union, UNKNOWN, type ArgumentValue, type Value } from "./value.js";

type ItemOf = (of: Value, key: Value) => Value;

/** `"%s of %d" % (a, b)` and `"%(a)s" % {…}`. `itemOf` reads a key of a mapping. */
export function percent(template: Value, args: Value, itemOf: ItemOf): Value {
  return union(alternatives(template).map((one) => percentOne(one, args, itemOf)));
}

function percentOne(template: Value, args: Value, itemOf: ItemOf): Value {
  let next = 0;
  const parts = template.k === "text" ? template.parts : [constText(template) ?? template];
  return joinText(
    parts.flatMap((part) => {
      if (typeof part !== "string") return [part];
      const out: (string | Value)[] = [];
      let from = 0;
      for (const match of part.matchAll(/%(?:\(([^)]*)\))?[-#0 +]*[\d.*]*[diouxXeEfFgGcrsa%]/g)) {
        out.push(part.slice(from, match.index));
        from = match.index + match[0].length;
        if (match[0].endsWith("%")) out.push("%");
        else if (match[1] !== undefined) out.push(itemOf(args, text(match[1])));
        else {
          out.push(args.k === "list" ? (args.items[next] ?? UNKNOWN) : args);
          next += 1;
        }
      }
      out.push(part.slice(from));
      return out;
    }),
  );
}

/** `str.format` (format string syntax): positions, names, and names with an attribute. */
export function format(template: Value, args: readonly ArgumentValue[]): Value {
  const positional = args.filter((arg) => arg.name === undefined);
  let next = 0;
  const parts = template.k === "text" ? template.parts : [constText(template) ?? ""];
  return joinText(
    parts.flatMap((part) => {
      if (typeof part !== "string") return [part];
      const out: (string | Value)[] = [];
      let from = 0;
      for (const match of part.matchAll(/\{\{|\}\}|\{([^{}!:.[]*)[^{}]*\}/g)) {
        out.push(part.slice(from, match.index));
        from = match.index + match[0].length;
        if (match[0] === "{{" || match[0] === "}}") out.push(match[0].charAt(0));
        else if (match[1] === undefined || match[1] === "" || /^\d+$/.test(match[1])) {
          const index = match[1] === undefined || match[1] === "" ? next++ : Number(match[1]);
          out.push(positional[index]?.value ?? UNKNOWN);
        } else out.push(args.find((arg) => arg.name === match[1])?.value ?? UNKNOWN);
      }
      out.push(part.slice(from));
      return out;
    }),
  );
}
