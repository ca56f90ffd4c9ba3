/** A Content-Type field, parsed (RFC 9110, section 8.3.1). */
export interface MediaType {
  /** `type/subtype`, lower case. */
  readonly essence: string;
  /** By lower-case name; undefined where a name stands twice, which two readers may take differently. */
  readonly parameters: ReadonlyMap<string, string | undefined>;
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** What was read last: a client states the same type with each event, and each event asks twice. */
let last: { readonly field: string; readonly type: MediaType | undefined } | undefined;

/** Parses a Content-Type; undefined where it is not written by the grammar. */
export function parseMediaType(field: string): MediaType | undefined {
  if (last?.field !== field) last = { field, type: readMediaType(field) };
  return last.type;
}

function readMediaType(field: string): MediaType | undefined {
  const { head, parameters } = parseParameters(field);
  const slash = head.indexOf("/");
  if (parameters === undefined || slash < 0 || !TOKEN.test(head.slice(0, slash)) || !TOKEN.test(head.slice(slash + 1))) return undefined;
  return { essence: head.toLowerCase(), parameters };
}

/**
 * The field with nothing in it but what a reader of the body goes by: type, charset, and a multipart's boundary. A parameter that nobody
 * reads would carry whatever a client writes there. Undefined where it is not written by the grammar.
 */
export function plainMediaType(field: string): string | undefined {
  const type = parseMediaType(field);
  if (type === undefined) return undefined;
  const needed = type.essence.startsWith("multipart/") ? ["charset", "boundary"] : ["charset"];
  const parameters = needed.flatMap((name) => {
    const value = type.parameters.get(name);
    if (value === undefined) return [];
    return [`; ${name}=${TOKEN.test(value) ? value : `"${value.replaceAll(/["\\]/g, "\\$&")}"`}`];
  });
  return type.essence + parameters.join("");
}

/**
 * Splits `head; name=value; name="quoted \" value"`, as Content-Type and Content-Disposition are written (RFC 9110, section 5.6.6).
 * `parameters` is undefined where they break the grammar.
 */
export function parseParameters(field: string): {
  readonly head: string;
  readonly parameters: ReadonlyMap<string, string | undefined> | undefined;
} {
  const semicolon = field.indexOf(";");
  const head = (semicolon < 0 ? field : field.slice(0, semicolon)).trim();
  const parameters = new Map<string, string | undefined>();
  let rest = semicolon < 0 ? "" : field.slice(semicolon);
  while (rest.trim() !== "") {
    const match = /^[ \t]*;[ \t]*(?:([^\s=;"]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*)))?[ \t]*(?=;|$)/.exec(rest);
    if (match === null) return { head, parameters: undefined };
    const name = match[1]?.toLowerCase();
    if (name !== undefined) {
      if (!TOKEN.test(name)) return { head, parameters: undefined };
      const value = match[2] === undefined ? match[3] : match[2].replace(/\\(.)/g, "$1");
      parameters.set(name, parameters.has(name) ? undefined : value);
    }
    rest = rest.slice(match[0].length);
  }
  return { head, parameters };
}
