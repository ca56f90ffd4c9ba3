import type { BodyReading, BodyView } from "../model/body-view.js";
import { FaultsError } from "../model/fault.js";
import type { Fault } from "../model/fault.js";
import type { Action, RuleId } from "../model/finding.js";
import type { Inspection, InspectionContext, Inspector, SourceFile } from "../model/inspection.js";
import { freshViewBudget } from "../model/nested-view.js";
import type { ViewFinder } from "../model/nested-view.js";
import type { Limits } from "../model/policy.js";
import type { Pseudonyms } from "../model/ports.js";
import type { Reason } from "../model/reasons.js";
import { nothingCollected } from "./collector.js";
import type { Collected, Frame } from "./collector.js";
import { deadlineAfter } from "./deadline.js";
import type { Deadline } from "./deadline.js";
import { boundFindings, makeFindings, unreadableFindings } from "./findings.js";
import { formObject, partFields, queryFields } from "./form.js";
import { walkFree } from "./free-walk.js";
import { CleanHeads } from "./clean-heads.js";
import { collectHead, outside } from "./head-texts.js";
import { compileKeyRules } from "./key-rules.js";
import type { KeyRules } from "./key-rules.js";
import { LazyInspection } from "./lazy-inspection.js";
import type { Judged } from "./lazy-inspection.js";
import { collectNested } from "./nested-walk.js";
import { Outlines } from "./outline.js";
import { collectUnpadded } from "./padding.js";
import type { KnownNames } from "./place.js";
import { remembering, rememberingNames, WELL_KNOWN } from "./remembered.js";
import { loadRules } from "./rule-file.js";
import type { Rule } from "./rule-file.js";
import type { SchemaBook } from "./schema.js";
import { loadSchemas } from "./schema-file.js";
import type { OperatorEnums } from "./schema-file.js";
import { walkSchema } from "./schema-walk.js";
import { compileShapeRules } from "./shape-rules.js";
import type { ShapeRules } from "./shape-rules.js";
import { structureOf } from "./structure.js";
import { compileTextRules } from "./text-rules.js";
import type { TextRules } from "./text-rules.js";

export interface InspectorOptions {
  /** `rules/<category>/*.yaml`. */
  readonly rules: readonly SourceFile[];
  /** `rules/schemas/*.yaml`; a schema's name is its file's. */
  readonly schemas: readonly SourceFile[];
  readonly limits: Limits;
  readonly pseudonyms: Pseudonyms;
  /** Decodes what strings hold; without it only the strings themselves are searched. */
  readonly findViews?: ViewFinder | undefined;
  /** Values that the operator adds to the vendor's own (`kind`, `page_name`, `object_type`). */
  readonly operatorEnums?: OperatorEnums | undefined;
  /** Milliseconds on a steady scale, for the time budget only. */
  readonly clock?: (() => number) | undefined;
}

/**
 * Reads rules and schemas and makes the inspector of them; runs no examples. Throws FaultsError with every fault of every file.
 */
export function compileInspector(options: InspectorOptions): Inspector {
  const faults: Fault[] = [];
  const rules = loadRules(options.rules, faults);
  const book = loadSchemas(options.schemas, options.operatorEnums ?? {}, faults);
  if (faults.length > 0) throw new FaultsError("The rules or schemas have faults:", faults);
  return new CompiledInspector(rules, book, options);
}

class CompiledInspector implements Inspector {
  readonly ruleCount: number;
  private readonly book: SchemaBook;
  private readonly limits: Limits;
  private readonly pseudonyms: Pseudonyms;
  /** An installation's own pins come with its every event. */
  private readonly pinHmac: (value: string) => string;
  private readonly findViews: ViewFinder | undefined;
  private readonly clock: () => number;
  private readonly keyRules: KeyRules;
  private readonly shapeRules: ShapeRules;
  private readonly textRules: TextRules;
  private readonly names: KnownNames;
  private readonly outlines: Outlines;
  private readonly cleanHeads = new CleanHeads();
  readonly actions: ReadonlyMap<RuleId, Action>;

  constructor(rules: readonly Rule[], book: SchemaBook, options: InspectorOptions) {
    this.ruleCount = rules.length;
    this.book = book;
    this.limits = options.limits;
    const { pseudonyms } = options;
    this.pseudonyms = { hmac: (value) => pseudonyms.hmac(value), short: remembering((value) => pseudonyms.short(value)) };
    this.pinHmac = remembering((value) => pseudonyms.hmac(value));
    this.findViews = options.findViews;
    this.clock = options.clock ?? (() => performance.now());
    this.keyRules = compileKeyRules(rules);
    this.shapeRules = compileShapeRules(rules);
    this.textRules = compileTextRules(rules);
    this.actions = new Map(rules.map((rule) => [rule.id, rule.action]));
    const searches = rules.flatMap(({ search }) => search ?? []);
    this.names = rememberingNames({
      has: (name) => book.names.has(name) || this.keyRules.isName(name) || WELL_KNOWN.has(name),
      isRuleKey: (name) => this.keyRules.has(name),
      isNumberName: (name) => searches.some((search) => search.isNamedBy(name)),
    });
    this.outlines = new Outlines(this.names, (key) => this.pseudonyms.short(key));
  }

  inspect(reading: BodyReading, context: InspectionContext): Inspection {
    const into = nothingCollected();
    const deadline = deadlineAfter(Math.min(context.budgetMs ?? Infinity, this.limits.inspectionMs), this.clock);
    const document = context.schema === undefined ? undefined : this.book.documents.get(context.schema);
    collectHead(context, document?.headerPins ?? NO_PINS, this.pseudonyms, into);
    const head = into.texts.filter((text) => !this.cleanHeads.has(text));
    into.texts.length = 0;
    into.texts.push(...head);
    for (const view of reading.views) this.collectBody(view, context, into);
    this.collectQuery(context, into);
    const late = !this.runRules(into, deadline);
    if (!late && into.drafts.length === 0) this.cleanHeads.remember(head);
    const first = reading.views.find((view) => view.kind !== "empty");
    const unread = unreadableFindings(reading.faults, first?.via ?? "body", this.names, this.pseudonyms);
    if (late)
      into.drafts.unshift(
        whole(
          "integrity/deadline",
          "inspection-late",
          "The inspection did not end within its time budget, so nothing is known about the rest.",
        ),
      );
    const all = [...unread, ...makeFindings(into.drafts, this.actions, this.names, this.pseudonyms)];
    const { kept, more } = boundFindings(all, this.limits.findings);
    const result: Judged = {
      findings: kept,
      moreFindings: more,
      eventKind: into.kinds.size === 0 ? undefined : [...into.kinds].sort().slice(0, 8).join(","),
      pins: into.pins.map((pin) => ({ name: pin.name, hmac: this.pinHmac(pin.value) })),
      // Only what is recorded needs it, and nothing without findings is.
      redactionUnit: document?.redactionUnit,
      outline: late ? [] : this.outlines.of(reading.views, context.query),
      structure: kept.length === 0 ? undefined : structureOf(reading.views, this.names, (key) => this.pseudonyms.short(key)),
    };
    return new LazyInspection(result, () => this.identityOf(document?.identity, first, into));
  }

  private collectBody(view: BodyView, context: InspectionContext, into: Collected): void {
    if (view.kind === "empty") {
      const document = context.schema === undefined ? undefined : this.book.documents.get(context.schema);
      if (document !== undefined && !document.mayBeEmpty)
        into.drafts.push(whole("schema/missing-field", undefined, "The body is empty where the payload schema wants a message."));
      return;
    }
    const frame: Frame = { view: view.via, base: "", bytes: view.bytes, anchor: undefined };
    const roots =
      view.kind === "json"
        ? [view.root]
        : view.kind === "ndjson"
          ? view.roots
          : [formObject(view.kind === "form" ? view.fields : partFields(view, frame, into))];
    roots.forEach((root, index) => {
      const place = view.kind === "ndjson" ? { parent: undefined, step: index } : undefined;
      if (context.schema === undefined) return walkFree(root, place, frame, into, this.names);
      const document = this.book.documents.get(context.schema);
      if (document === undefined) {
        into.drafts.push(
          whole(
            "integrity/schema-missing",
            "inspection-failed",
            "The policy names a payload schema that does not exist, so nothing says what may leave.",
          ),
        );
        return walkFree(root, place, frame, into, this.names);
      }
      walkSchema(document.root, root, place, this.walk(frame, into, context, view.kind === "form"));
    });
  }

  private collectQuery(context: InspectionContext, into: Collected): void {
    if (context.query === undefined || context.query === "") return;
    const frame = outside("query", "query");
    const fields = formObject(queryFields(context.query));
    const document = context.querySchema === undefined ? undefined : this.book.documents.get(context.querySchema);
    if (document !== undefined) return walkSchema(document.root, fields, undefined, this.walk(frame, into, context, true));
    if (context.querySchema !== undefined)
      into.drafts.push(
        whole(
          "integrity/schema-missing",
          "inspection-failed",
          "The policy names a query schema that does not exist, so nothing says what may leave.",
        ),
      );
    walkFree(fields, undefined, frame, into, this.names);
  }

  private walk(frame: Frame, into: Collected, context: InspectionContext, textual: boolean) {
    return { frame, into, names: this.names, book: this.book, now: context.now, stringLength: this.limits.stringLength, textual };
  }

  /** False where the time budget ran out. */
  private runRules(into: Collected, deadline: Deadline): boolean {
    if (this.findViews !== undefined) {
      const outcome = collectNested(into, this.findViews, freshViewBudget(this.limits.bodyBytes), this.names, deadline);
      if (outcome === "late") return false;
      if (outcome === "exhausted")
        into.drafts.push(
          whole(
            "integrity/view-budget",
            "body-not-readable",
            "Strings in the body decode to more than the inspection may spend on them, so something was left unread.",
          ),
        );
    }
    collectUnpadded(into);
    this.keyRules.run(into);
    if (!this.shapeRules.run(into, deadline)) return false;
    return this.textRules.run(into.texts, into, deadline);
  }

  private identityOf(kind: "body" | undefined, view: BodyView | undefined, into: Collected): string | undefined {
    if (kind === "body" && view !== undefined && view.kind !== "empty") return this.pseudonyms.hmac(view.bytes);
    if (into.identities.length === 0) return undefined;
    return this.pseudonyms.hmac(JSON.stringify([...into.identities].sort()));
  }
}

const NO_PINS: ReadonlyMap<string, string> = new Map();

/** A draft that speaks of the whole exchange. */
function whole(rule: RuleId, reason: Reason | undefined, why: string) {
  return {
    rule,
    frame: outside("body", ""),
    place: undefined,
    range: undefined,
    value: rule,
    why,
    ...(reason === undefined ? {} : { reason }),
  };
}
