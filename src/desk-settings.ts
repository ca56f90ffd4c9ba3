import { readFileSync } from "node:fs";
import type { Settings } from "./config/settings.js";
import type { OidcSettings } from "./console/access/oidc.js";
import { ROLES } from "./console/access/roles.js";
import type { ConsoleSettings } from "./console/server.js";
import { type Fault, FaultsError } from "./model/fault.js";

/**
 * What the settings say of the console; undefined where it is off.
 * @throws FaultsError with every fault at once
 */
export function consoleSettingsOf(settings: Settings): ConsoleSettings | undefined {
  if (settings.listen.console === undefined) return undefined;
  const { console: written } = settings;
  const faults: Fault[] = [];
  const certificate = whereOn(written.tls_cert);
  const key = whereOn(written.tls_key);
  if ((certificate === undefined) !== (key === undefined)) {
    faults.push({
      where: "console.tls_cert",
      what: "A certificate and a key go together.",
      mend: "Give console.tls_cert and console.tls_key, or neither.",
    });
  }
  const oidc = oidcOf(settings, faults);
  if (faults.length > 0) throw new FaultsError("The console can't start:", faults);
  return {
    listen: settings.listen.console,
    dataDir: settings.data,
    tls: certificate === undefined || key === undefined ? undefined : { certificate, key },
    trustedProxies: written.trusted_proxies,
    publicUrl: whereOn(written.public_url),
    oidc,
    localUsers: written.local_users,
  };
}

function oidcOf({ console: written }: Settings, faults: Fault[]): OidcSettings | undefined {
  const issuer = whereOn(written.oidc_issuer);
  if (issuer === undefined) return undefined;
  const roles = written.oidc_roles.flatMap((entry): (readonly [string, OidcSettings["roles"][string]])[] => {
    const cut = entry.lastIndexOf("=");
    const role = ROLES.find((name) => name === entry.slice(cut + 1));
    if (cut > 0 && role !== undefined) return [[entry.slice(0, cut), role]];
    faults.push({
      where: "console.oidc_roles",
      what: `"${entry}" is no group and role.`,
      mend: `Write GROUP=ROLE, the role one of ${ROLES.join(", ")}.`,
    });
    return [];
  });
  return {
    issuer,
    clientId: written.oidc_client_id,
    clientSecret: secretIn(whereOn(written.oidc_client_secret_file), faults),
    roleClaim: written.oidc_role_claim,
    roles: Object.fromEntries(roles),
    scopes: written.oidc_scopes,
  };
}

function secretIn(file: string | undefined, faults: Fault[]): string {
  const where = "console.oidc_client_secret_file";
  if (file === undefined) {
    faults.push({ where, what: "OIDC needs the client's secret.", mend: "Name the file that holds it." });
    return "";
  }
  try {
    const secret = readFileSync(file, "utf8").trim();
    if (secret === "") faults.push({ where, what: `${file} is empty.`, mend: "Write the client's secret into it." });
    return secret;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    faults.push({ where, what: `${file} can't be read (${code}).`, mend: "Name a file that this process may read." });
    return "";
  }
}

function whereOn(written: string): string | undefined {
  return written === "off" ? undefined : written;
}
