/**
 * A JSON text as a tree of tokens with exact byte ranges (RFC 8259). Unlike `JSON.parse` it keeps every member of an object, duplicates
 * too, and a number's own text, so that nothing in the bytes is out of the rules' sight.
 */
export type JsonNode = JsonObject | JsonArray | JsonString | JsonNumber | JsonBoolean | JsonNull;

interface Span {
  /** Byte offsets into the decoded UTF-8 text, end exclusive; a string's range holds its quotes. */
  readonly start: number;
  readonly end: number;
}

export interface JsonMember {
  readonly key: JsonString;
  readonly value: JsonNode;
}

export interface JsonObject extends Span {
  readonly kind: "object";
  readonly members: readonly JsonMember[];
}

export interface JsonArray extends Span {
  readonly kind: "array";
  readonly items: readonly JsonNode[];
}

export interface JsonString extends Span {
  readonly kind: "string";
  /** With escapes resolved. Lone surrogates are refused by the reader. */
  readonly text: string;
}

export interface JsonNumber extends Span {
  readonly kind: "number";
  /** As written: `1e400` and `9007199254740993` keep what a double would lose. */
  readonly text: string;
}

export interface JsonBoolean extends Span {
  readonly kind: "boolean";
  readonly value: boolean;
}

export interface JsonNull extends Span {
  readonly kind: "null";
}

/** The last member of that name, as most readers would take it; duplicates are refused before anyone asks. */
export function member(object: JsonObject, name: string): JsonNode | undefined {
  for (let index = object.members.length - 1; index >= 0; index -= 1) {
    const candidate = object.members[index];
    if (candidate?.key.text === name) return candidate.value;
  }
  return undefined;
}
