/** Each role may do what the ones before it may. */
export const ROLES = ["viewer", "reviewer", "admin"] as const;

export type Role = (typeof ROLES)[number];

/** What an API token can be given. */
export const SCOPES = ["transfers:read", "transfers:write", "inventory:read", "inventory:write", "report:read", "evidence:read"] as const;

export type Scope = (typeof SCOPES)[number];

export type Permission = Scope | "access:manage";

const VIEWER: readonly Permission[] = ["transfers:read", "inventory:read", "report:read"];

const OF_ROLE: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: VIEWER,
  reviewer: [...VIEWER, "transfers:write", "inventory:write"],
  admin: [...VIEWER, "transfers:write", "inventory:write", "evidence:read", "access:manage"],
};

/** Whoever makes a request: a person with a session, or a program with a token. */
export interface Principal {
  readonly kind: "person" | "token";
  /** Stands in the history as who did it. */
  readonly name: string;
  readonly role: Role | undefined;
  readonly permissions: readonly Permission[];
}

export function person(name: string, role: Role): Principal {
  return { kind: "person", name, role, permissions: OF_ROLE[role] };
}

export function tokenPrincipal(name: string, scopes: readonly Scope[]): Principal {
  return { kind: "token", name: `token:${name}`, role: undefined, permissions: scopes };
}
