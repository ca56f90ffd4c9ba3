import * as oidc from "openid-client";
import { z } from "zod";
import type { Clock, Logger } from "../../model/ports.js";
import type { Role } from "./roles.js";
import { ROLES } from "./roles.js";
import { seal, unseal } from "./sealed.js";
import { sameText } from "./session-store.js";

export interface OidcSettings {
  /** The provider's issuer; http only on loopback, for tests. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Claim of the ID token that holds roles or groups, as a text or a list. */
  readonly roleClaim: string;
  /** Which role a value of that claim gives; the highest one counts. Without a match nobody gets in. */
  readonly roles: Readonly<Record<string, Role>>;
  readonly scopes: string;
}

/** A sign-in that was sent to the provider and has not come back yet; sealed, it waits in the browser's own cookie. */
const PENDING = z.strictObject({ state: z.string(), verifier: z.string(), nonce: z.string(), until: z.number() });

const PENDING_MS = 10 * 60_000;

/** Refused by the provider's answer or by what it says; `why` is for the person who signs in. */
export class OidcRefusal extends Error {}

/** Sign-in by an OpenID provider: code flow with PKCE, state and nonce, bound to the browser that began it. */
export class OidcSignIn {
  readonly #settings: OidcSettings;
  readonly #redirectUri: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #key: Uint8Array;
  #discovered: Promise<oidc.Configuration> | undefined;

  constructor(
    settings: OidcSettings,
    redirectUri: string,
    key: Uint8Array,
    { logger, clock }: { readonly logger: Logger; readonly clock: Clock },
  ) {
    this.#settings = settings;
    this.#key = key;
    this.#redirectUri = redirectUri;
    this.#logger = logger;
    this.#clock = clock;
  }

  /** The provider's page to send the browser to, and what its cookie has to hold until it comes back. */
  async begin(): Promise<{ readonly location: string; readonly browser: string }> {
    const config = await this.#configuration();
    const verifier = oidc.randomPKCECodeVerifier();
    const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
    const pending = { state, verifier, nonce, until: this.#clock.now() + PENDING_MS };
    const location = oidc.buildAuthorizationUrl(config, {
      redirect_uri: this.#redirectUri,
      scope: this.#settings.scopes,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
    });
    return { location: location.href, browser: seal(this.#key, "oidc", JSON.stringify(pending)) };
  }

  /** @throws OidcRefusal where the answer belongs to no sign-in of this browser, or gives no role. */
  async finish(query: string, browser: string | undefined): Promise<{ readonly name: string; readonly role: Role }> {
    const state = new URLSearchParams(query).get("state") ?? "";
    const kept = browser === undefined ? undefined : unseal(this.#key, "oidc", browser);
    const pending = kept === undefined ? undefined : PENDING.parse(JSON.parse(kept));
    if (pending === undefined || !sameText(pending.state, state) || pending.until < this.#clock.now()) {
      throw new OidcRefusal("This sign-in was not begun in this browser, or too long ago. Begin it again.");
    }
    const config = await this.#configuration();
    let claims: oidc.IDToken | undefined;
    try {
      const tokens = await oidc.authorizationCodeGrant(config, new URL(`${this.#redirectUri}?${query}`), {
        pkceCodeVerifier: pending.verifier,
        expectedState: state,
        expectedNonce: pending.nonce,
        idTokenExpected: true,
      });
      claims = tokens.claims();
    } catch (error) {
      this.#logger.warn("The provider's answer to a sign-in was refused.", { fault: error instanceof Error ? error.name : "unknown" });
      throw new OidcRefusal("The identity provider did not confirm this sign-in.");
    }
    if (claims === undefined) throw new OidcRefusal("The identity provider did not say who you are.");
    const role = this.#roleOf(claims[this.#settings.roleClaim]);
    if (role === undefined) throw new OidcRefusal("Your account has no role here. Ask whoever runs the identity provider for one.");
    return { name: nameOf(claims), role };
  }

  #roleOf(claim: unknown): Role | undefined {
    const values = (Array.isArray(claim) ? claim : [claim]).filter((value) => typeof value === "string");
    const given = new Set(values.flatMap((value) => (Object.hasOwn(this.#settings.roles, value) ? [this.#settings.roles[value]] : [])));
    return [...ROLES].reverse().find((role) => given.has(role));
  }

  /** Asked when first needed, so that a provider that is away does not keep the console from starting. */
  #configuration(): Promise<oidc.Configuration> {
    const { issuer, clientId, clientSecret } = this.#settings;
    const url = new URL(issuer);
    const execute = url.protocol === "http:" && isLoopback(url.hostname) ? [oidc.allowInsecureRequests] : [];
    this.#discovered ??= oidc.discovery(url, clientId, clientSecret, undefined, { execute, timeout: 10 }).catch((error: unknown) => {
      this.#discovered = undefined;
      this.#logger.error("The identity provider can't be reached.", { fault: error instanceof Error ? error.name : "unknown" });
      throw new OidcRefusal("The identity provider can't be reached. Try again in a minute.");
    });
    return this.#discovered;
  }
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "127.0.0.1" || host === "[::1]";
}

/** The subject is the provider's own key for a person; the rest can be changed by its owner, so it only stands beside it. */
function nameOf(claims: oidc.IDToken): string {
  const shown = [claims["preferred_username"], claims["email"], claims["name"]].find((value) => typeof value === "string" && value !== "");
  const clean = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]/gu, "").slice(0, 100);
  return typeof shown === "string" && shown !== claims.sub ? `${clean(shown)} (oidc:${clean(claims.sub)})` : `oidc:${clean(claims.sub)}`;
}
