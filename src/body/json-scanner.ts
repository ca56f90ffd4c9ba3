import type { BodyLimits, Unreadable } from "../model/body-view.js";
import type { JsonMember, JsonNode, JsonString } from "../model/json.js";
import { scanNumber } from "./json-number.js";
import { scanString, type Cursor } from "./json-string.js";

/** One document's tree, or the fault that ended it. Faults may stand beside a tree: it was read to its end, and is refused. */
export interface JsonReading {
  readonly root: JsonNode | undefined;
  readonly faults: readonly Unreadable[];
  /** Values read, containers and scalars alike. */
  readonly nodes: number;
}

/** Where a document stands in its body. */
export interface JsonPlace {
  /** Byte offset of the document's first byte. */
  readonly offset: number;
  /** JSON Pointer of the document: "" for a body, `/3` for the fourth line of NDJSON. */
  readonly pointer: string;
}

const WHOLE: JsonPlace = { offset: 0, pointer: "" };

/** A body may hold a duplicate key in each of its objects; past this many faults, one more says so and no others are listed. */
const FAULTS_KEPT = 32;

/** Up to here, comparing each key with each is cheaper than a Set. */
const FEW_MEMBERS = 8;

/** Ends a scan; never leaves this file. */
class ScanEnd extends Error {}

interface OpenContainer {
  readonly kind: "object" | "array";
  readonly start: number;
  end: number;
  readonly members: JsonMember[];
  readonly items: JsonNode[];
  key: JsonString | undefined;
  names: Set<string> | undefined;
}

/**
 * Reads one JSON text strictly by RFC 8259 into a tree with exact byte ranges, without recursion: depth and nodes are bounded by `limits`,
 * and 100,000 opening brackets cost no stack.
 *
 * Faults, all with reason `body-not-readable`: `json-invalid` (not RFC 8259, a BOM, bytes after the value), `depth`, `nodes`, which end the
 * reading; and `duplicate-key` (RFC 8259, section 4: the behaviour of receivers is unpredictable), `number-range` (section 6: beyond what
 * a double holds), `surrogate` (section 8.2), after which reading goes on.
 *
 * `text` must come from valid UTF-8; ranges count its UTF-8 bytes, from `place.offset`.
 */
export function scanJson(text: string, limits: Pick<BodyLimits, "depth" | "nodes">, place: JsonPlace = WHOLE): JsonReading {
  const scan = new Scan(text, limits, place);
  let root: JsonNode | undefined;
  try {
    root = scan.document();
  } catch (error) {
    if (!(error instanceof ScanEnd)) throw error;
  }
  return { root, faults: scan.faults, nodes: scan.nodes };
}

/** A key as one token of a JSON Pointer (RFC 6901, section 3). */
export function pointerToken(key: string): string {
  return key.includes("~") || key.includes("/") ? key.replaceAll("~", "~0").replaceAll("/", "~1") : key;
}

class Scan implements Cursor {
  readonly text: string;
  /** Index into `text`. */
  at = 0;
  /** Bytes that `text[at]` stands further in the body than `at`: grows with each character that takes more than one byte. */
  shift: number;
  readonly faults: Unreadable[] = [];
  nodes = 0;
  readonly #limits: Pick<BodyLimits, "depth" | "nodes">;
  readonly #place: JsonPlace;
  readonly #stack: OpenContainer[] = [];

  constructor(text: string, limits: Pick<BodyLimits, "depth" | "nodes">, place: JsonPlace) {
    this.text = text;
    this.shift = place.offset;
    this.#limits = limits;
    this.#place = place;
  }

  document(): JsonNode {
    const root = this.#value();
    this.#space();
    if (this.at < this.text.length) this.invalid("Something follows the JSON value.");
    return root;
  }

  /** Ends the scan: the text is not JSON. */
  invalid(why: string): never {
    this.#end("json-invalid", why);
  }

  /** Notes a fault of the token that began at byte `start`; the scan goes on. */
  note(rule: string, why: string, start: number): void {
    this.#add(rule, why, start, this.at + this.shift, "");
  }

  #value(): JsonNode {
    const { text } = this;
    const stack = this.#stack;
    for (;;) {
      this.#space();
      const code = text.charCodeAt(this.at);
      if (this.nodes >= this.#limits.nodes) this.#end("nodes", `The JSON holds more than ${this.#limits.nodes} values.`);
      this.nodes += 1;
      let node: JsonNode;
      if (code === 0x22) {
        node = scanString(this);
      } else if (code === 0x7b || code === 0x5b) {
        const opened = this.#open(code === 0x7b ? "object" : "array");
        if (opened === undefined) continue;
        node = closed(opened);
      } else if (code === 0x2d || (code >= 0x30 && code <= 0x39)) {
        node = scanNumber(this);
      } else {
        node = this.#literal(code);
      }
      for (;;) {
        const container = stack[stack.length - 1];
        if (container === undefined) return node;
        if (container.key === undefined) container.items.push(node);
        else container.members.push({ key: container.key, value: node });
        this.#space();
        const next = text.charCodeAt(this.at);
        if (next === 0x2c) {
          this.at += 1;
          if (container.kind === "object") this.#key(container);
          break;
        }
        if (next !== (container.kind === "object" ? 0x7d : 0x5d)) this.invalid("A comma or the end of an object or array is missing.");
        this.at += 1;
        container.end = this.at + this.shift;
        stack.pop();
        node = closed(container);
      }
    }
  }

  /** Opens a container; returns it where it is empty and so already ended, else leaves it on the stack. */
  #open(kind: "object" | "array"): OpenContainer | undefined {
    const stack = this.#stack;
    if (stack.length >= this.#limits.depth) this.#end("depth", `The JSON nests deeper than ${this.#limits.depth} levels.`);
    const container: OpenContainer = {
      kind,
      start: this.at + this.shift,
      end: 0,
      members: [],
      items: [],
      key: undefined,
      names: undefined,
    };
    this.at += 1;
    this.#space();
    if (this.text.charCodeAt(this.at) === (kind === "object" ? 0x7d : 0x5d)) {
      this.at += 1;
      container.end = this.at + this.shift;
      return container;
    }
    stack.push(container);
    if (kind === "object") this.#key(container);
    return undefined;
  }

  #key(container: OpenContainer): void {
    this.#space();
    if (this.text.charCodeAt(this.at) !== 0x22) this.invalid("A member's name is missing or stands without quotes.");
    container.key = undefined;
    const key = scanString(this);
    if (isTaken(container, key.text)) {
      this.#add(
        "duplicate-key",
        "The object holds this name twice, so two readers may take different values.",
        key.start,
        key.end,
        `/${pointerToken(key.text)}`,
      );
    }
    container.key = key;
    this.#space();
    if (this.text.charCodeAt(this.at) !== 0x3a) this.invalid("A colon is missing after a member's name.");
    this.at += 1;
  }

  #literal(code: number): JsonNode {
    const { text, at } = this;
    const start = at + this.shift;
    if (code === 0x74 && text.startsWith("true", at)) {
      this.at = at + 4;
      return { kind: "boolean", start, end: start + 4, value: true };
    }
    if (code === 0x66 && text.startsWith("false", at)) {
      this.at = at + 5;
      return { kind: "boolean", start, end: start + 5, value: false };
    }
    if (code === 0x6e && text.startsWith("null", at)) {
      this.at = at + 4;
      return { kind: "null", start, end: start + 4 };
    }
    return this.invalid(at >= text.length ? "The JSON ends before its value does." : "No JSON value begins here.");
  }

  #space(): void {
    const { text } = this;
    let { at } = this;
    for (;;) {
      const code = text.charCodeAt(at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break;
      at += 1;
    }
    this.at = at;
  }

  #end(rule: string, why: string): never {
    const start = this.at + this.shift;
    this.#list(rule, why, start, start, "");
    throw new ScanEnd();
  }

  #add(rule: string, why: string, start: number, end: number, suffix: string): void {
    if (this.faults.length > FAULTS_KEPT) return;
    this.#list(rule, why, start, end, suffix);
  }

  #list(rule: string, why: string, start: number, end: number, suffix: string): void {
    const more = this.faults.length === FAULTS_KEPT ? " More faults follow that are not listed." : "";
    this.faults.push({ reason: "body-not-readable", rule, pointer: this.#pointer() + suffix, range: [start, end], why: why + more });
  }

  #pointer(): string {
    let pointer = this.#place.pointer;
    for (const container of this.#stack) {
      if (container.kind === "array") pointer += `/${container.items.length}`;
      else if (container.key !== undefined) pointer += `/${pointerToken(container.key.text)}`;
    }
    return pointer;
  }
}

function closed(container: OpenContainer): JsonNode {
  const { start, end } = container;
  return container.kind === "object"
    ? { kind: "object", start, end, members: container.members }
    : { kind: "array", start, end, items: container.items };
}

function isTaken(container: OpenContainer, name: string): boolean {
  const { members } = container;
  if (members.length <= FEW_MEMBERS) {
    for (const { key } of members) if (key.text === name) return true;
    return false;
  }
  container.names ??= new Set(members.map((member) => member.key.text));
  const taken = container.names.has(name);
  container.names.add(name);
  return taken;
}
