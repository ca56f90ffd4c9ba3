import { z } from "zod";
import {
  booleanSetting,
  choiceSetting,
  connectToSetting,
  listenSetting,
  listSetting,
  networksSetting,
  numberSetting,
  parentSetting,
  pinsSetting,
  recipientsSetting,
  secretSetting,
  storeSetting,
  textSetting,
} from "./settings-values.js";

/** A section that refuses keys it does not know and fills in the ones that are left out. */
function section<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, { error: (issue) => (issue.code === "invalid_type" ? "must be a map." : undefined) });
}

/** Every setting, with its default and its meaning; docs, `egress-proxy config` and the names of variables are made from it. */
export const SETTINGS_SCHEMA = section({
  listen: section({
    proxy: listenSetting("Where clients reach the proxy: absolute-form requests and CONNECT.", ":3128"),
    "proxy-tls": listenSetting("The same proxy, reached over TLS.", "off"),
    transparent: listenSetting("Where redirected connections arrive; conventionally :3129.", "off"),
    support: listenSetting("Where the vendor's support reaches its named routes; conventionally :8443.", "off"),
    "first-party": listenSetting("Where Diffgram's ingress sends browsers' loader and beacons; conventionally :8090.", "off"),
    metrics: listenSetting("Metrics, health and the proxy.pac file.", ":9464"),
    console: listenSetting("The review pages and the API.", "127.0.0.1:8080"),
  }).prefault({}),
  proxy_tls: section({
    name: textSetting("The host name by which clients reach listen.proxy-tls.", "egress-proxy"),
    tls_cert: textSetting(
      'PEM file of a certificate chain of your own for that listener; "off" uses one signed by the proxy\'s CA.',
      "off",
    ),
    tls_key: textSetting("PEM file of that certificate's key.", "off"),
    client_ca: listSetting(
      "PEM files of the CAs whose certificates name clients of that listener; a certificate, or credentials, must then be shown.",
      "Write a list of files.",
    ),
    credentials: textSetting(
      "A file of NAME:scrypt:N:r:p:SALT:HASH lines, for Basic authentication on listen.proxy-tls; off asks nobody.",
      "off",
    ),
  }).prefault({}),
  reload: section({
    every_ms: numberSetting(
      "Milliseconds between looks for changed files of policy, rules and CA; 0 leaves it to SIGHUP.",
      2_000,
      0,
      3_600_000,
    ),
  }).prefault({}),
  transparent: section({
    tls_port: numberSetting("The port that redirected TLS connections were for; after a redirect nothing says so.", 443, 1, 65_535),
    http_port: numberSetting("The port that redirected plain connections were for, where their Host field names none.", 80, 1, 65_535),
  }).prefault({}),
  http2: section({
    offer: booleanSetting("Whether clients inside TLS are offered HTTP/2 beside HTTP/1.1.", true),
    streams: numberSetting("HTTP/2 streams of one connection at once.", 100, 1, 1_000),
  }).prefault({}),
  proxy_protocol: section({
    trusted: networksSetting(
      "Networks of load balancers whose connections open with a PROXY header, version 1 or 2; they must, no other may.",
    ),
  }).prefault({}),
  rules: textSetting('The folder of policy, rules and schemas; "embedded" means the ones that came with the package.', "embedded"),
  overlays: listSetting("Overlays of the rules folder to lay over its policy, in this order.", "Write a list such as [keep-sla]."),
  certs: textSetting("The folder of the CA's certificate and key.", "./certs"),
  data: textSetting("The folder of records, spool and this installation's HMAC key.", "./data"),
  upstream: section({
    ca: listSetting("PEM files of roots to trust upstream beside the system's.", "Write a list of files."),
    connect_to: connectToSetting("HOST:PORT:ADDR:PORT, as in curl: dial ADDR:PORT for HOST:PORT; the address guard does not judge it."),
    connections: numberSetting("Connections kept to one destination, each with one exchange at a time.", 64, 1, 1_024),
    connect_ms: numberSetting("Milliseconds to connect to an upstream, its TLS handshake included.", 5_000, 100, 120_000),
    first_byte_ms: numberSetting("Milliseconds from the request's end to the answer's head.", 15_000, 100, 600_000),
    total_ms: numberSetting("Milliseconds for one exchange with an upstream.", 30_000, 100, 3_600_000),
    idle_ms: numberSetting("Milliseconds that an unused upstream connection is kept.", 4_000, 0, 600_000),
  }).prefault({}),
  parent: section({
    proxy: parentSetting(
      "The corporate proxy that resolves and dials every destination in this one's place; a destination's own parent or connect beats it.",
    ),
    ca: listSetting("PEM files of the only roots to trust for parents over https; without one, the system's.", "Write a list of files."),
    credentials_file: textSetting(
      "A file of HOST:PORT NAME:PASSWORD lines: Basic credentials for each parent that asks; off has none.",
      "off",
    ),
    credentials: secretSetting("NAME:PASSWORD for parent.proxy, where no file is at hand.", "Write NAME:PASSWORD, or off."),
  }).prefault({}),
  pac: section({
    proxy: textSetting(
      'HOST:PORT of the proxy as browsers reach it, for /proxy.pac; "auto" is the host that the file was asked of and the proxy\'s port.',
      "auto",
    ),
  }).prefault({}),
  first_party: section({
    hosts: listSetting(
      "Diffgram's own host names, as browsers and its ingress spell them.",
      "Write a list such as [diffgram.example.org].",
    ),
    path: textSetting("The path of those hosts below which everything goes to listen.first-party.", "/_egress"),
    static_hosts: listSetting(
      "Hosts that Diffgram's pages load styles, fonts, scripts and pictures from; they go into the generated Content-Security-Policy.",
      "Write a list such as [fonts.googleapis.com, fonts.gstatic.com].",
    ),
    own_hosts: listSetting(
      "The installation's own hosts that its pages speak to, such as its object storage; they go into the same.",
      "Write a list such as [https://s3.example.org].",
    ),
  }).prefault({}),
  support: section({
    name: textSetting(
      "Name that the support listener's certificate proves; the CA of the folder of certs signs it.",
      "support.diffgram.internal",
    ),
    tls_cert: textSetting(
      'PEM file of a certificate chain of your own for that listener; "off" uses one signed by the proxy\'s CA.',
      "off",
    ),
    tls_key: textSetting("PEM file of that certificate's key.", "off"),
    client_ca: listSetting("PEM files of the CAs whose certificates let support in; nothing else does.", "Write a list of files."),
    upstream: textSetting("Where Diffgram's default service answers, as http(s)://HOST:PORT.", "http://diffgram-default:8080"),
  }).prefault({}),
  quotas: section({
    client_requests_per_minute: numberSetting("Requests of one client a minute; 0: any number.", 0, 0, 10_000_000),
    client_bytes_per_minute: numberSetting("Bytes of one client's bodies a minute; 0: any number.", 0, 0, 1_000_000_000_000),
    client_concurrent: numberSetting("Exchanges of one client in flight at once; 0: any number.", 0, 0, 100_000),
    case_requests_per_minute: numberSetting("Requests to one case a minute; 0: any number.", 0, 0, 10_000_000),
    case_bytes_per_minute: numberSetting("Bytes of bodies to one case a minute; 0: any number.", 0, 0, 1_000_000_000_000),
    case_concurrent: numberSetting("Exchanges with one case in flight at once; 0: any number.", 0, 0, 100_000),
  }).prefault({}),
  timeouts: section({
    handshake_ms: numberSetting("Milliseconds for a client's TLS handshake.", 10_000, 100, 120_000),
    headers_ms: numberSetting("Milliseconds for a request's head.", 15_000, 100, 120_000),
    body_ms: numberSetting("Milliseconds for a request's body.", 30_000, 100, 600_000),
    idle_ms: numberSetting("Milliseconds that a client's connection may rest between requests.", 60_000, 100, 3_600_000),
    drain_ms: numberSetting("Milliseconds that a stop waits for exchanges in flight.", 10_000, 0, 600_000),
  }).prefault({}),
  limits: section({
    connections: numberSetting("Connections of clients at once.", 2_000, 1, 100_000),
    connections_per_client: numberSetting("Connections of one client's address at once.", 500, 1, 100_000),
    body_memory_bytes: numberSetting(
      "Bytes of bodies held in memory at once, over all connections; one client gets a quarter.",
      268_435_456,
      1_048_576,
      17_179_869_184,
    ),
    header_bytes: numberSetting(
      "Bytes of a header section that are read at all; the policy's own limit may be lower.",
      16_384,
      1_024,
      262_144,
    ),
  }).prefault({}),
  store: section({
    url: storeSetting("Where records are kept: sqlite (a file in the data folder) or a PostgreSQL URL."),
  }).prefault({}),
  console: section({
    public_url: textSetting(
      'Where browsers reach the console, as https://desk.example.com; "off" where it is only reached at its own address.',
      "off",
    ),
    tls_cert: textSetting('PEM file of the console\'s certificate chain; "off" serves no TLS.', "off"),
    tls_key: textSetting("PEM file of that certificate's key.", "off"),
    trusted_proxies: listSetting(
      "CIDRs of the proxies in front of the console whose X-Forwarded-For and -Proto are believed.",
      "Write a list such as [10.42.0.0/16].",
    ),
    local_users: booleanSetting("Whether users of the console's own may sign in with a password.", true),
    oidc_issuer: textSetting('The OpenID provider that people sign in with; "off" without one.', "off"),
    oidc_client_id: textSetting("The console's client id at the provider.", "egress-proxy"),
    oidc_client_secret_file: textSetting("File that holds the client's secret.", "off"),
    oidc_role_claim: textSetting("Claim of the ID token that holds groups or roles.", "groups"),
    oidc_roles: listSetting(
      "GROUP=ROLE: which role a value of that claim gives; viewer, reviewer or admin.",
      "Write a list such as [security-team=reviewer].",
    ),
    oidc_scopes: textSetting("Scopes that are asked of the provider.", "openid profile email"),
  }).prefault({}),
  records: section({
    distinct_per_client: numberSetting(
      "Distinct refused bodies of one client an hour that get a record of their own; further ones are counted in one, and still refused.",
      2_000,
      1,
      1_000_000,
    ),
    keep_days: numberSetting(
      "Days that a record is kept after its last occurrence; 0 keeps it. What reached the vendor stays until it is closed.",
      0,
      0,
      3_650,
    ),
    keep_count: numberSetting(
      "Records that are kept, the newest first; 0 keeps all. What reached the vendor stays until it is closed.",
      0,
      0,
      100_000_000,
    ),
  }).prefault({}),
  outgoing: section({
    webhook_url: textSetting('Where each incident is posted once, and each checkpoint, as JSON over https; "off" without one.', "off"),
    webhook_secret_file: textSetting("File with the secret that signs what is posted; the receiver knows it too.", "off"),
    syslog: textSetting("Where the same goes as syslog (RFC 5424): tls://HOST:PORT, tcp://HOST:PORT or udp://HOST:PORT.", "off"),
    format: choiceSetting("The words of an event: Elastic Common Schema or OCSF.", ["ecs", "ocsf"], "ecs"),
    ca: listSetting("PEM files of the only roots to trust for these receivers; without one, the ones of Node.", "Write a list of files."),
  }).prefault({}),
  evidence: section({
    recipients: recipientsSetting(
      "age public keys (age1…) that the bodies of recorded exchanges are sealed to; without one no body is kept.",
    ),
    max_bytes: numberSetting("Bytes of the longest body that is kept as evidence; a longer one is not kept.", 262_144, 1, 16_777_216),
  }).prefault({}),
  kubernetes: section({
    namespaces: listSetting(
      "Namespaces whose pods are named in records, with their service account; without one nobody is looked up.",
      "Write a list such as [diffgram].",
    ),
    api: textSetting('Where the API server answers, as https://HOST:PORT; "in-cluster": where Kubernetes tells its pods.', "in-cluster"),
    credentials: textSetting(
      "Folder of token and ca.crt that the API server takes, as a service account's volume has them.",
      "/var/run/secrets/kubernetes.io/serviceaccount",
    ),
  }).prefault({}),
  log: section({
    level: choiceSetting("The least severe entry that is logged.", ["error", "warn", "info", "debug"], "info"),
    format: choiceSetting("How an entry is written.", ["json", "text"], "json"),
  }).prefault({}),
  leaf: section({
    cache: numberSetting("Leaf certificates kept; each costs about 20 kB.", 1_000, 1, 100_000),
    days: numberSetting("Days that a leaf certificate is valid; clients refuse 200 and more.", 90, 1, 199),
  }).prefault({}),
  workers: numberSetting(
    "Processes that serve clients, beside the one that starts them; limits and quotas are shared out among them. 0 or 1: one process does all.",
    1,
    0,
    64,
  ),
  inspection_threads: numberSetting(
    "Threads of each process that inspect big bodies; 0 inspects all of them on its main thread.",
    1,
    0,
    64,
  ),
  tenant_pins: pinsSetting(
    "Whose accounts at the vendor this installation posts to, as NAME=HMAC: every replica holds them from its first request on, and learns no other.",
  ),
  name_constraints: booleanSetting(
    "Whether a new CA is constrained to the policy's hosts; naming another host later needs a new CA.",
    false,
  ),
});

/** The settings in force. Keys are spelled as in the file. */
export type Settings = Readonly<z.output<typeof SETTINGS_SCHEMA>>;
