import type { BodyView } from "../model/body-view.js";
import type { JsonNode } from "../model/json.js";
import { queryFields } from "./form.js";
import type { KnownNames } from "./place.js";

/** Distinct lines of one exchange; a clean event has some thirty. Past it one line says so. */
const MOST_LINES = 512;
/** Nodes that are walked for it: a body at the size limit may hold two hundred thousand. */
const MOST_NODES = 20_000;
const OVERFLOW = "…\toverflow\t";

/** Places that are remembered, and the longest name of one: the same few come with every event, and hostile bodies bring ever new ones. */
const REMEMBERED = 4_096;
const LONGEST_NAME = 64;

/** A place in the outline, and what stood there already. */
interface Path {
  readonly text: string;
  /** Its lines by the bit of their type and length, each made once. */
  readonly lines: (string | undefined)[];
  /** Bits of the types and lengths that have their line in the outline of `turn`. */
  seen: number;
  turn: number;
  below: Map<string, Path> | undefined;
  items: Path | undefined;
}

function pathOf(text: string): Path {
  return { text, lines: [], seen: 0, turn: 0, below: undefined, items: undefined };
}

/**
 * What exchanges hold, for the inventory: distinct `path TAB type TAB length class`, list indexes as `*`, a query's parameters as
 * `?name`, keys that no schema or rule names as their pseudonym. Never a value.
 *
 * Remembers the places that it met, so that the next event of the same form has the very same strings for its lines: who counts forms compares
 * them by a look.
 */
export class Outlines {
  readonly #names: KnownNames;
  readonly #pseudonym: (key: string) => string;
  #root = pathOf("");
  #remembered = 0;
  #turn = 0;
  #lines: string[] = [];
  #nodes = 0;

  constructor(names: KnownNames, pseudonym: (key: string) => string) {
    this.#names = names;
    this.#pseudonym = pseudonym;
  }

  of(views: readonly BodyView[], query: string | undefined): readonly string[] {
    if (this.#remembered >= REMEMBERED) {
      this.#root = pathOf("");
      this.#remembered = 0;
    }
    this.#turn += 1;
    this.#nodes = 0;
    const lines: string[] = [];
    this.#lines = lines;
    const view = views.find((candidate) => candidate.kind !== "empty");
    if (view?.kind === "json") this.#walk(view.root, this.#root);
    else if (view?.kind === "ndjson") for (const each of view.roots) this.#walk(each, this.#root);
    else if (view?.kind === "multipart")
      this.#fields(
        "/",
        "part",
        view.parts.map(({ name, start, end }) => [name, end - start]),
      );
    else if (view?.kind === "form")
      this.#fields(
        "/",
        "string",
        view.fields.map(({ name, value }) => [name, value.length]),
      );
    if (query !== undefined && query !== "")
      this.#fields(
        "?",
        "string",
        queryFields(query).map(({ name, value }) => [name, value.length]),
      );
    return lines;
  }

  #fields(mark: string, type: string, fields: readonly (readonly [name: string, length: number])[]): void {
    const lines = new Set<string>();
    for (const [name, length] of fields) {
      const line = `${mark}${this.#step(name)}\t${type}\t${CLASS_NAMES[lengthClass(length)]}`;
      if (lines.has(line)) continue;
      lines.add(line);
      if (!this.#add(line)) return;
    }
  }

  #walk(node: JsonNode, at: Path): void {
    // Past the bound nothing more is taken, so nothing more is looked at.
    if (this.#nodes > MOST_NODES) return;
    this.#nodes += 1;
    if (this.#nodes > MOST_NODES) return void this.#lines.push(OVERFLOW);
    switch (node.kind) {
      case "object":
        if (node.members.length === 0) return this.#note(at, OTHERS.object);
        for (const { key, value } of node.members) {
          if (this.#nodes > MOST_NODES) return;
          this.#walk(value, this.#below(at, key.text));
        }
        return;
      case "array":
        if (node.items.length === 0) return this.#note(at, OTHERS.array);
        for (const item of node.items) this.#walk(item, this.#items(at));
        return;
      case "string":
        return this.#note(at, lengthClass(node.text.length));
      case "number":
        return this.#note(at, /^-?\d+$/.test(node.text) ? OTHERS.integer : OTHERS.number);
      default:
        return this.#note(at, OTHERS[node.kind]);
    }
  }

  #below(at: Path, key: string): Path {
    at.below ??= new Map();
    let path = at.below.get(key);
    if (path === undefined) {
      path = pathOf(`${at.text}/${this.#step(key)}`);
      at.below.set(key, path);
      this.#remember(key.length);
    }
    return path;
  }

  #items(at: Path): Path {
    if (at.items === undefined) {
      at.items = pathOf(`${at.text}/*`);
      this.#remember(0);
    }
    return at.items;
  }

  /** Past the bounds all places are let go, before the next outline: in this one they still tell which lines there are. */
  #remember(length: number): void {
    this.#remembered += length > LONGEST_NAME ? REMEMBERED : 1;
  }

  #step(name: string): string {
    return this.#names.has(name) ? name : this.#pseudonym(name);
  }

  #note(at: Path, what: number): void {
    if (at.turn !== this.#turn) {
      at.turn = this.#turn;
      at.seen = 0;
    }
    const bit = 1 << what;
    if ((at.seen & bit) !== 0) return;
    at.seen |= bit;
    this.#add((at.lines[what] ??= at.text + (ENDINGS[what] ?? "")));
  }

  /** False where there are too many. */
  #add(line: string): boolean {
    if (this.#nodes > MOST_NODES) return false;
    if (this.#lines.length < MOST_LINES) return this.#lines.push(line) > 0;
    this.#lines.push(OVERFLOW);
    this.#nodes = MOST_NODES + 1;
    return false;
  }
}

/** Longest texts of the classes of lengths, in characters. */
const CLASSES = [0, 8, 32, 128, 512, 2_048, 4_096];

/** `0`, `1-8`, `9-32`, …, `4097+`: tells an id from a text, and not which. */
const CLASS_NAMES: readonly string[] = [
  ...CLASSES.map((most, index) => (index === 0 ? "0" : `${(CLASSES[index - 1] ?? 0) + 1}-${most}`)),
  `${(CLASSES.at(-1) ?? 0) + 1}+`,
];

function lengthClass(length: number): number {
  let index = 0;
  while (index < CLASSES.length && length > (CLASSES[index] ?? 0)) index += 1;
  return index;
}

/** Bits of what is no text, behind those of the texts' lengths. */
const OTHERS = { object: 8, array: 9, integer: 10, number: 11, boolean: 12, null: 13 } as const;

/** The end of a line by its bit. */
const ENDINGS: readonly string[] = [...CLASS_NAMES.map((name) => `\tstring\t${name}`), ...Object.keys(OTHERS).map((type) => `\t${type}\t`)];
