import type { HttpBindings } from "@hono/node-server";
import type { Context, Hono } from "hono";
import type {
  ConsoleHealth,
  DeskMemory,
  InspectPort,
  InventoryPort,
  PolicyInForce,
  ProposePort,
  ReportPort,
} from "../model/console-ports.js";
import type { Clock, Logger } from "../model/ports.js";
import type { RecordDesk } from "../model/record-desk.js";
import type { SupportDesk } from "../model/support-desk.js";
import type { AuditTrail } from "./access/audit-trail.js";
import type { Directory } from "./access/directory.js";
import type { OidcSignIn } from "./access/oidc.js";
import type { Principal } from "./access/roles.js";
import type { Session, SessionStore } from "./access/session-store.js";
import type { SignInLimit } from "./access/sign-in-limit.js";
import type { ClientFacts } from "./client-facts.js";
import type { ConsoleBinding } from "./console-settings.js";
import type { Summaries } from "./summary.js";

/** What the console is given by whoever composes it. */
export interface ConsolePorts {
  readonly desk: RecordDesk;
  readonly memory: DeskMemory;
  /** 32 bytes, the same for every console of one installation and after a restart; seals sessions and sign-ins on their way. */
  readonly key: Uint8Array;
  readonly policy: () => PolicyInForce;
  readonly inspect: InspectPort;
  readonly health?: (() => Promise<ConsoleHealth>) | undefined;
  readonly inventory?: InventoryPort | undefined;
  readonly report?: ReportPort | undefined;
  readonly propose?: ProposePort | undefined;
  readonly support?: SupportDesk | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What every route can use. */
export interface ConsoleParts extends ConsolePorts {
  readonly binding: ConsoleBinding;
  readonly directory: Directory;
  readonly localUsers: boolean;
  readonly oidc: OidcSignIn | undefined;
  readonly sessions: SessionStore;
  readonly signInLimit: SignInLimit;
  readonly audit: AuditTrail;
  readonly summaries: Summaries;
}

export interface ConsoleEnv {
  Bindings: HttpBindings;
  Variables: {
    client: ClientFacts;
    /** Undefined until someone signed in. */
    principal: Principal | undefined;
    session: Session | undefined;
  };
}

export type ConsoleContext = Context<ConsoleEnv>;
export type ConsoleApp = Hono<ConsoleEnv>;
