import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";

/** As the policy spells an identity: printable, without spaces. */
const NAME = /^[\x21-\x7e]{1,128}$/;

/** Whom a client's certificate names; undefined where it showed none, or one that no CA of ours vouches for, now. */
export function certifiedName(session: TLSSocket): string | undefined {
  const certificate = session.authorized ? session.getPeerX509Certificate() : undefined;
  return certificate === undefined ? undefined : nameOfCertificate(certificate);
}

/**
 * The name in a certificate: its first URI (as SPIFFE has it), else its first DNS name, else its subject's CN, which RFC 6125 keeps for
 * certificates without other names. Undefined where none of them can be an identity.
 */
export function nameOfCertificate({
  subject,
  subjectAltName = "",
}: Pick<X509Certificate, "subject" | "subjectAltName">): string | undefined {
  // Node quotes a name that holds a comma or a quote: it could else pass for two (CVE-2021-44532).
  if (subjectAltName.includes('"')) return undefined;
  const names = subjectAltName.split(", ");
  for (const kind of ["URI:", "DNS:"]) {
    const found = names.find((name) => name.startsWith(kind))?.slice(kind.length);
    if (found !== undefined) return NAME.test(found) ? found : undefined;
  }
  const common = subject.split("\n").filter((part) => part.startsWith("CN="));
  const name = common.length === 1 ? common[0]?.slice(3) : undefined;
  return name !== undefined && NAME.test(name) ? name : undefined;
}
