import type { Action, RuleId } from "./finding.js";
import type { BodyLimits } from "./body-view.js";
import type { CaseName, LimitedCase, Mode } from "./limited-case.js";

/** The policy as it is in force: read, completed, validated and frozen by `config/`. */
export interface Policy {
  /** SHA-256 over the policy file, every rule and every schema, hex; the `digest` of `egress_policy_info` and of each record. */
  readonly digest: string;
  readonly cases: Readonly<Record<LimitedCase, CasePolicy>>;
  /** Every destination of every case and of the operator's own, also those of cases that are switched off. */
  readonly destinations: readonly Destination[];
  readonly limits: Limits;
  /** Values that the operator adds to a schema's enum, by the name that the schema opens it under (`kind`, `page_name`, `object_type`, `usage`). */
  readonly values: Readonly<Record<string, readonly string[]>>;
}

export interface CasePolicy {
  readonly name: LimitedCase;
  readonly enabled: boolean;
  /** `unconfigured`: the case is on, and no host is named (licensing as shipped). */
  readonly state: "on" | "limited" | "unconfigured";
  readonly opening: Opening;
  /** What switching it off means, in a sentence. */
  readonly consequence: string;
  /** Who set the switch to what it is, when and why, as far as the policy says. */
  readonly changed?: { readonly at: Date; readonly by: string; readonly reason: string } | undefined;
  /** What each rule does in this case where it differs from the rule's own action. */
  readonly actions: Readonly<Record<RuleId, RuleAction>>;
  /** What the vendor's support may ask of this installation; of the support case only. */
  readonly supportRoutes?: readonly SupportRoute[] | undefined;
}

/** One thing that the vendor's support may ask. The answer is held, inspected as a body would be, and only then goes out. */
export interface SupportRoute {
  readonly method: "GET" | "POST";
  /** Matches exactly; no query is taken. */
  readonly path: string;
  /** Schema of the answer, in `rules/schemas/`. */
  readonly answer: string;
  /** Members of the answer, by name at whatever depth, whose values never go out. */
  readonly redact: readonly string[];
  /** Whether it signs in: takes a body, and its answer may set cookies. */
  readonly signIn: boolean;
}

/** Monitor mode, or a rule's `report`, holds only until its date (invariant 11). */
export type Opening =
  | { readonly mode: "enforce" }
  | { readonly mode: "monitor"; readonly until: Date; readonly reason: string; readonly author: string };

export type RuleAction =
  | { readonly action: Exclude<Action, "report"> }
  | { readonly action: "report"; readonly until: Date; readonly reason: string; readonly author: string };

export interface Destination {
  /** Unique in the policy; a metric's label and a record's field. */
  readonly name: string;
  readonly caseName: Exclude<CaseName, "none">;
  /** Canonical, as `Target.host`. */
  readonly host: string;
  readonly port: number;
  /** `https` unless the operator's own destination says `http`. */
  readonly scheme: "http" | "https";
  readonly routes: readonly Route[];
  /** Header names, lower case, that go upstream beside the ones every destination has. */
  readonly headers: readonly string[];
  /** `HOST:PORT` to dial in its place; the operator's word, not judged by the address guard. */
  readonly connect: { readonly host: string; readonly port: number } | undefined;
  /** The proxy that resolves its name and dials it in this one's place (invariant 4); undefined: this one does. */
  readonly parent?: ParentProxy | undefined;
  /** Undefined: every client that reaches the proxy. */
  readonly clients?: DestinationClients | undefined;
}

/** A corporate proxy in front of the internet, asked by CONNECT; over TLS where its scheme is https. */
export interface ParentProxy {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
}

/** Who may use a destination: any that is named either way. */
export interface DestinationClients {
  /** CIDRs or single addresses. */
  readonly networks: readonly string[];
  /** Names that the proxy itself has authenticated. */
  readonly identities: readonly string[];
}

/** One thing that may be asked of a destination. Paths match exactly, in the one normal form of `http/path.ts`. */
export interface Route {
  readonly methods: readonly string[];
  readonly path: string;
  /** Media types without parameters, lower case; empty where the method takes no body. */
  readonly contentTypes: readonly string[];
  /** Payload schema by name, in `rules/schemas/`; undefined: no body may be sent. */
  readonly schema: string | undefined;
  /** Schema of the query string's parameters; undefined: no query may be sent. */
  readonly querySchema: string | undefined;
  /** Media type by which a body is read whatever of `contentTypes` it states; undefined: by the one that it states. */
  readonly readAs?: string | undefined;
  /** Set where the answer is a script that browsers run: it is fingerprinted and, where `pinned` names any, served only with such a digest. */
  readonly script?: { readonly pinned: readonly string[] } | undefined;
}

/** Bounds with their defaults; each is refused with its own reason when passed. */
export interface Limits extends BodyLimits {
  /** Bytes of the request line and header section. Default 16 KiB. */
  readonly headerBytes: number;
  /** Findings kept of one exchange; more are counted, not listed. Default 100. */
  readonly findings: number;
  /** Milliseconds for one inspection. Default 2,000. */
  readonly inspectionMs: number;
  /** Characters of a free string. Default 4,096. */
  readonly stringLength: number;
}

export function modeNow(opening: Opening, now: number): Mode {
  return opening.mode === "monitor" && now < opening.until.getTime() ? "monitor" : "enforce";
}
