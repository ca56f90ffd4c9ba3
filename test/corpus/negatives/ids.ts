import { ALNUM } from "../random.js";
import { members, type Negative, plainDigits, privateAddress, texts } from "./negative.js";

/** Identifiers, versions, digests, times: what telemetry is full of. */
export const ID_NEGATIVES: readonly Negative[] = [
  ...texts("uuid", "open", [(r) => `request ${r.uuid()} finished`, (r) => `creation_ref_id ${r.uuid()}`]),
  ...texts("uuid", "held-back", [
    (r) => `span=${r.uuid()} parent=${r.uuid()}`,
    (r) => `{${r.uuid().toUpperCase()}}`,
    (r) => `urn:uuid:${r.uuid()}`,
  ]),
  ...texts("digest", "open", [(r) => `commit ${r.hex(40)}`, (r) => `sha256:${r.hex(64)}`, (r) => `md5 ${r.hex(32)} differs`]),
  ...texts("digest", "held-back", [
    (r) => `diffgram/walrus@sha256:${r.hex(64)}`,
    (r) => `index ${r.hex(7)}..${r.hex(7)} 100644`,
    (r) => `checksum mismatch: expected ${r.hex(64)}`,
    (r) => `integrity sha512-${r.bytes(64).toString("base64")}`,
  ]),
  ...texts("number", "open", [
    (r) => `file ${plainDigits(r, 9)} not found`,
    (r) => `job ${plainDigits(r, 12)} took ${r.int(10, 9999)} ms`,
    (r) => `offset ${plainDigits(r, 16)}`,
    (r) => `took from ${1_764_000_000_000 + r.int(0, 999_999_999)} to ${1_764_000_000_000 + r.int(0, 999_999_999)}`,
  ]),
  ...texts("number", "held-back", [
    (r) => `row ${plainDigits(r, 10)} skipped`,
    (r) => `lsn=${plainDigits(r, 16)} timeline=${r.int(1, 9)}`,
    (r) => `xid ${plainDigits(r, 9)}, ${plainDigits(r, 9)}`,
    (r) => `now=${1_764_000_000_000 + r.int(0, 999_999_999)}`,
    (r) => `batch_${plainDigits(r, 12)} done`,
  ]),
  ...texts("version", "open", [
    (r) => `upgraded from 1.17.${r.int(1, 9)} to 1.18.0-rc.${r.int(1, 4)}`,
    () => "Python 3.9.18 (main, Aug 2024) [GCC 12.2.0]",
    (r) => `requires ^4.${r.int(1, 20)}.0 || >=5.0.0 <6`,
  ]),
  ...texts("version", "held-back", [
    () => "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    (r) => `peer dependency vue@~2.${r.int(5, 7)}.14 not met`,
    () => "OpenSSL 3.0.14 4 Jun 2024, libpq 15.8 (Debian 15.8-0+deb12u1)",
    (r) => `v1.17.${r.int(0, 9)}+build.${r.int(100, 999)}`,
  ]),
  ...texts("package", "open", [
    () => "npm ERR! 404 @scope/pkg@1.2.3 is not in this registry",
    () => "@vue/cli-service@4.5.19 serve",
    () => "could not load static asset logo@2x.png",
  ]),
  ...texts("package", "held-back", [
    () => "warning: @babel/core@7.24.0 has unmet peers",
    () => "missing sprite icons/menu@3x.webp",
    () => "pip: sqlalchemy==1.4.53 conflicts with flask-sqlalchemy 3.1.1",
    () => "yarn why @types/node@20.19.43",
  ]),
  ...texts("git-ref", "open", [() => "refs/heads/feature/export-v2", () => "checked out HEAD@{1}", () => "origin/main is behind by 3"]),
  ...texts("git-ref", "held-back", [
    () => "git clone git@github.com:diffgram/diffgram.git",
    (r) => `refs/pull/${r.int(10, 2000)}/merge`,
    () => "master@{upstream}...HEAD",
  ]),
  ...texts("decorator", "open", [() => "@app.route('/api/v1/job/list', methods=['POST'])", () => "@dataclass(frozen=True)"]),
  ...texts("decorator", "held-back", [
    () => "@pytest.mark.parametrize('n', [1, 2])",
    () => "@Component({ selector: 'app-root' })",
    () => "@media (max-width: 600px) { .row { display: none } }",
  ]),
  ...texts("private-address", "open", [
    (r) => `connect to ${privateAddress(r)}:5432 failed`,
    () => "listening on 0.0.0.0:8080",
    () => "::1 refused",
  ]),
  ...texts("private-address", "held-back", [
    (r) => `dial tcp ${privateAddress(r)}:6379: i/o timeout`,
    () => "bound to [::]:3128",
    (r) => `NetworkPolicy allows 10.0.0.0/8 and fe80::${r.hex(3)}/64`,
  ]),
  ...texts("k8s-name", "open", [() => "lookup postgres.default.svc.cluster.local: no such host", () => "celery@diffgram-worker-0 ready."]),
  ...texts("k8s-name", "held-back", [
    () => "rabbit@rabbitmq-0.rabbitmq-headless.default.svc.cluster.local is down",
    () => "diffgram-walrus.annot.svc.cluster.local:8082 has no endpoints",
    () => "worker1@eventhandlers-7: OK",
  ]),
  ...texts("date", "open", [
    () => "2026-11-20T09:29:58.120Z",
    () => "Expires Wed, 25 Nov 2026 07:28:00 GMT",
    (r) => `*/${r.int(2, 30)} * * * *`,
  ]),
  ...texts("date", "held-back", [
    () => "last run 20261120T092958Z, next 2026-W48-2",
    () => "0 3 * * 1-5 (Europe/Amsterdam)",
    () => "24/Nov/2026:09:12:33 +0000",
    () => "P1DT12H after 2026-11-21",
  ]),
  ...members("keyed-number", "open", [
    (r) => ["build_id", Number(plainDigits(r, 9))],
    (r) => ["duration_ms", r.int(1, 99_999)],
    (r) => ["started_at_ms", 1_764_000_000_000 + r.int(0, 999_999_999)],
    (r) => ["bytes", Number(plainDigits(r, 10))],
    (r) => ["count", r.int(0, 9_999_999)],
  ]),
  ...members("keyed-number", "held-back", [
    (r) => ["sequence", Number(plainDigits(r, 16)) % 9_000_000_000_000_000],
    (r) => ["queue_depth", r.int(0, 99_999)],
    (r) => ["finished_ms", 1_764_000_000_000 + r.int(0, 999_999_999)],
    (r) => ["rss", Number(plainDigits(r, 9))],
    (r) => ["percent", Number((r.float() * 100).toFixed(2))],
    (r) => ["revision", Number(plainDigits(r, 12))],
  ]),
  ...members("keyed-id", "open", [
    (r) => ["trace_id", r.hex(32)],
    (r) => ["request_id", r.uuid()],
    (r) => ["etag", `"${r.hex(32)}"`],
    (r) => ["short_id", r.text(ALNUM, 8)],
  ]),
  ...members("keyed-id", "held-back", [
    (r) => ["span_id", r.hex(16)],
    (r) => ["correlation", r.uuid()],
    (r) => ["etag", `W/"${r.hex(8)}-${r.hex(6)}"`],
    (r) => ["cursor", r.bytes(9).toString("base64")],
    (r) => ["image_digest", `sha256:${r.hex(64)}`],
    (r) => ["resource_version", plainDigits(r, 9)],
  ]),
  ...members("secret-like-key", "open", [
    (r) => ["token_count", r.int(1, 4000)],
    () => ["password_reset_required", true],
    () => ["secret_name", "diffgram-db-credentials"],
  ]),
  ...members("secret-like-key", "held-back", [
    (r) => ["tokens_per_second", r.int(1, 400)],
    () => ["secret_rotation_days", 90],
    () => ["api_key_enabled", false],
    () => ["private_key_present", true],
    () => ["auth_method", "oidc"],
  ]),
];
