import { once } from "node:events";
import { createServer } from "node:http";
import type { TestContext } from "node:test";
import { Provider } from "oidc-provider";
import type { OidcSettings } from "../../src/console/access/oidc.js";

/** A real OpenID provider on loopback. Whoever types a name is that person; `groups` says in which groups. */
export async function startProvider(
  context: TestContext,
  callback: string,
  groups: Readonly<Record<string, readonly string[]>>,
): Promise<OidcSettings> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const issuer = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: "egress-proxy",
        client_secret: "a secret of this test alone",
        redirect_uris: [callback],
        response_types: ["code"],
        grant_types: ["authorization_code"],
      },
    ],
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email"] },
    conformIdTokenClaims: false,
    cookies: { keys: ["a key of this test alone"] },
    findAccount: (_: unknown, id: string) => ({
      accountId: id,
      claims: () => ({ sub: id, preferred_username: id, email: `${id}@example.org`, groups: groups[id] ?? [] }),
    }),
  });
  server.on("request", provider.callback());
  context.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    issuer,
    clientId: "egress-proxy",
    clientSecret: "a secret of this test alone",
    roleClaim: "groups",
    roles: { "security-team": "reviewer", auditors: "viewer" },
    scopes: "openid profile email",
  };
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
