import type { JsonValue, LabelCategory, Split } from "./labelled-case.js";
import type { Rng } from "./random.js";

/** A value to plant, with the words that stand beside it where people and systems write it. */
export interface Specimen {
  readonly kind: string;
  readonly category: LabelCategory;
  readonly orCategory?: LabelCategory;
  readonly locale: string;
  /** The value alone, or the structure. */
  readonly value: JsonValue;
  /** A sentence that holds it, with what context it needs; undefined: it can't stand in prose. */
  readonly prose: string | undefined;
  /** A member name that goes with it. */
  readonly key: string;
  /** Whether it says what it is by itself, so that it may stand under any key, in a key, a header or a path. */
  readonly bare: boolean;
  /** Names and addresses in prose: encoded seldom, and judged by floors of their own. */
  readonly soft: boolean;
}

/** Member names and sentences of one split; `{}` is where the value goes. */
export interface Context {
  readonly keys: readonly string[];
  readonly prose: readonly string[];
}

export interface Drawn {
  readonly value: JsonValue;
  readonly locale?: string;
  /** Added to the kind after a colon: `national-id` + `nl-bsn`. */
  readonly variant?: string;
  /** In place of the kind's own, where the words depend on what was drawn. */
  readonly context?: Context;
}

/** What the corpus knows of one thing to be detected. */
export interface DetectorKind {
  readonly kind: string;
  readonly category: LabelCategory;
  readonly orCategory?: LabelCategory;
  readonly bare?: boolean;
  readonly soft?: boolean;
  readonly open: Context;
  readonly heldBack: Context;
  /** How often it is drawn beside the others; 1 unless told. */
  readonly weight?: number;
  draw(rng: Rng, split: Split): Drawn;
}

/** Draws a specimen of the kind with the split's own words around it. */
export function specimenOf(detector: DetectorKind, rng: Rng, split: Split): Specimen {
  const drawn = detector.draw(rng, split);
  const context = drawn.context ?? (split === "open" ? detector.open : detector.heldBack);
  const text = typeof drawn.value === "string" || typeof drawn.value === "number" ? String(drawn.value) : undefined;
  const template = text === undefined || context.prose.length === 0 ? undefined : rng.pick(context.prose);
  return {
    kind: drawn.variant === undefined ? detector.kind : `${detector.kind}:${drawn.variant}`,
    category: detector.category,
    ...(detector.orCategory === undefined ? {} : { orCategory: detector.orCategory }),
    locale: drawn.locale ?? "neutral",
    value: drawn.value,
    // A function, since `$` in a replacement string has a meaning of its own.
    prose: template?.replace("{}", () => text ?? ""),
    key: context.keys.length === 0 ? "value" : rng.pick(context.keys),
    bare: detector.bare ?? false,
    soft: detector.soft ?? false,
  };
}
