import type { Split } from "../labelled-case.js";
import { ALNUM, DIGITS, LOWER, type Rng, UPPER } from "../random.js";
import type { DetectorKind } from "../specimen.js";
import { bech32Address, bitcoinAddress, ethereumAddress, seedPhrase, wif } from "../values/wallets.js";

/** Vendors' token shapes as their own documentation gives them. Assembled from parts, so that no scanner takes this file for a leak. */
const VENDOR_TOKENS: Readonly<Record<Split, readonly (readonly [vendor: string, make: (rng: Rng) => string])[]>> = {
  open: [
    ["github", (rng) => `gh${rng.pick(["p", "o", "s"])}_${rng.text(ALNUM, 36)}`],
    ["slack-bot", (rng) => `xox${"b"}-${rng.digits(12)}-${rng.digits(12)}-${rng.text(ALNUM, 24)}`],
    ["stripe", (rng) => `sk_${"live"}_${rng.text(ALNUM, 24)}`],
    ["google-api", (rng) => `AI${"za"}${rng.text(`${ALNUM}_-`, 34)}${rng.text(ALNUM, 1)}`],
    ["sendgrid", (rng) => `SG.${rng.text(ALNUM, 22)}.${rng.text(ALNUM, 43)}`],
    ["npm", (rng) => `npm_${rng.text(ALNUM, 36)}`],
    ["mailgun", (rng) => `key-${rng.hex(32)}`],
    [
      "slack-webhook",
      (rng) => `https://hooks.slack.com/services/T${rng.text(UPPER + DIGITS, 10)}/B${rng.text(UPPER + DIGITS, 10)}/${rng.text(ALNUM, 24)}`,
    ],
  ],
  "held-back": [
    ["gitlab", (rng) => `glpat-${rng.text(ALNUM, 20)}`],
    ["github-fine-grained", (rng) => `github_pat_${rng.text(ALNUM, 22)}_${rng.text(ALNUM, 59)}`],
    ["stripe-restricted", (rng) => `rk_${"live"}_${rng.text(ALNUM, 24)}`],
    ["digitalocean", (rng) => `dop_v1_${rng.hex(64)}`],
    ["huggingface", (rng) => `hf_${rng.text(UPPER + LOWER, 34)}`],
    ["pypi", (rng) => `pypi-AgEIcHlwaS5vcmc${rng.text(`${ALNUM}_-`, 80)}${rng.text(ALNUM, 2)}`],
    ["shopify", (rng) => `shpat_${rng.hex(32)}`],
    ["google-oauth", (rng) => `GO${"CSPX"}-${rng.text(ALNUM, 28)}`],
  ],
};

export const SECRETS: readonly DetectorKind[] = [
  {
    kind: "vendor-token",
    category: "secret",
    bare: true,
    weight: 4,
    open: { keys: ["value", "detail", "arg"], prose: ["Request with {} was refused", "using {} to clone"] },
    heldBack: { keys: ["raw", "line", "extra"], prose: ["env dump: TOKEN={}", "curl -H 'X-Token: {}' failed with 401"] },
    draw(rng, split) {
      const [vendor, make] = rng.pick(VENDOR_TOKENS[split]);
      return { value: make(rng), variant: vendor };
    },
  },
  {
    kind: "aws-key",
    category: "secret",
    bare: true,
    open: { keys: ["value", "aws_access_key_id"], prose: ["InvalidAccessKeyId: {} does not exist", "credentials {} expired"] },
    heldBack: {
      keys: ["principal", "accessKeyId"],
      prose: ["SignatureDoesNotMatch for {} in eu-west-1", "boto3 picked {} from the environment"],
    },
    draw: (rng) => ({ value: `${rng.pick(["AKIA", "ASIA"])}${rng.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)}` }),
  },
  {
    kind: "aws-secret-key",
    category: "secret",
    open: { keys: ["aws_secret_access_key"], prose: ["aws_secret_access_key = {}"] },
    heldBack: { keys: ["secretAccessKey", "AWS_SECRET_ACCESS_KEY"], prose: ["export AWS_SECRET_ACCESS_KEY={}"] },
    draw: (rng) => ({ value: rng.text(`${ALNUM}/+`, 39) + rng.text(ALNUM, 1) }),
  },
  {
    kind: "private-key",
    category: "secret",
    bare: true,
    open: { keys: ["key", "pem"], prose: ["Could not parse {}"] },
    heldBack: { keys: ["identity", "material"], prose: ["loaded from env: {}"] },
    draw(rng, split) {
      const name = rng.pick(
        split === "open" ? ["RSA PRIVATE KEY", "PRIVATE KEY"] : ["EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY"],
      );
      const lines = (
        Buffer.concat([DER_START, rng.bytes(rng.int(120, 400))])
          .toString("base64")
          .match(/.{1,64}/g) ?? []
      ).join("\n");
      return { value: `-----BEGIN ${name}-----\n${lines}\n-----END ${name}-----` };
    },
  },
  {
    kind: "jwt",
    category: "secret",
    bare: true,
    weight: 2,
    open: { keys: ["value", "session"], prose: ["Bearer {} rejected", "token {} has expired"] },
    heldBack: { keys: ["raw", "assertion"], prose: ["jwt.exceptions.DecodeError while reading {}", "cookie holds {}"] },
    draw(rng, split) {
      const header = { alg: rng.pick(split === "open" ? ["HS256", "RS256"] : ["ES256", "PS256", "EdDSA"]), typ: "JWT" };
      const claims = { sub: String(rng.int(10, 9999)), iat: 1_790_000_000 + rng.int(0, 9_000_000), scope: "project" };
      return {
        value: `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}.${rng.bytes(split === "open" ? 32 : 64).toString("base64url")}`,
      };
    },
  },
  {
    kind: "url-credentials",
    category: "secret",
    bare: true,
    open: { keys: ["url", "remote"], prose: ["fatal: unable to access '{}'", "GET {} failed"] },
    heldBack: { keys: ["endpoint", "origin"], prose: ["proxy {} refused the connection", "pip index {} is not reachable"] },
    draw(rng, split) {
      const account = rng.pick(split === "open" ? ["deploy", "ci"] : ["svc-export", "build"]);
      return {
        value: `https://${account}:${password(rng)}@${rng.pick(["git.northfield-imaging.com/ml/export.git", "nexus.meridianradiology.co.uk/simple", "files.agri-fieldlab.com.au/in"])}`,
      };
    },
  },
  {
    kind: "connection-string",
    category: "secret",
    bare: true,
    open: { keys: ["dsn", "database_url"], prose: ["could not connect to {}", "sqlalchemy.exc.ArgumentError: {}"] },
    heldBack: { keys: ["broker", "target"], prose: ["kombu.exceptions.OperationalError with {}", "retrying {} in 4 s"] },
    draw(rng, split) {
      const secret = password(rng);
      const open = [
        `postgresql://diffgram:${secret}@db.internal:5432/diffgram`,
        `amqp://worker:${secret}@rabbitmq:5672//`,
        `mysql://root:${secret}@10.0.4.12/app`,
      ];
      const held = [
        `mongodb+srv://annot:${secret}@cluster0.mongo.internal/prod`,
        `redis://:${secret}@redis-master:6379/0`,
        `Server=tcp:sql01.internal,1433;Database=annot;User ID=svc;Password=${secret};Encrypt=true`,
        `DefaultEndpointsProtocol=https;AccountName=annotstore;AccountKey=${rng.bytes(64).toString("base64")};EndpointSuffix=core.windows.net`,
      ];
      return { value: rng.pick(split === "open" ? open : held) };
    },
  },
  {
    kind: "high-entropy-key",
    category: "secret",
    weight: 2,
    open: { keys: ["client_secret", "api_key", "password", "auth_token"], prose: ["api_key={}", "password: {}"] },
    heldBack: {
      keys: ["secretKey", "inter_service_security_token", "apiToken", "passwd", "access_token"],
      prose: ["client_secret={} was not accepted", "MINIO_SECRET_KEY={}"],
    },
    draw: (rng) => ({ value: rng.pick([password(rng), rng.hex(40), rng.text(ALNUM, 32), rng.bytes(24).toString("base64url")]) }),
  },
  {
    kind: "crypto-wallet",
    category: "secret",
    bare: true,
    weight: 2,
    open: { keys: ["payout", "wallet"], prose: ["Reward sent to {}"] },
    heldBack: { keys: ["address_btc", "target"], prose: ["labeler asked to be paid at {}"] },
    draw(rng, split) {
      const [variant, make] = rng.pick<readonly [string, (rng: Rng) => string]>(
        split === "open"
          ? [
              ["base58", bitcoinAddress],
              ["eip55", ethereumAddress],
            ]
          : [
              ["bech32", bech32Address],
              ["eip55", ethereumAddress],
              ["base58", bitcoinAddress],
            ],
      );
      return { value: make(rng), variant };
    },
  },
  {
    kind: "wallet-key",
    category: "secret",
    bare: true,
    open: { keys: ["value"], prose: ["imported {}"] },
    heldBack: { keys: ["raw"], prose: ["sweep of {} failed"] },
    draw: (rng) => ({ value: wif(rng) }),
  },
  {
    kind: "seed-phrase",
    category: "secret",
    bare: true,
    open: { keys: ["value", "mnemonic"], prose: ["recovery phrase: {}"] },
    heldBack: { keys: ["raw", "comment"], prose: ["user pasted this: {}"] },
    draw: (rng, split) => ({ value: seedPhrase(rng, split === "open" ? 12 : rng.pick([12, 24])) }),
  },
];

/** SEQUENCE, version 0, INTEGER of 257 bytes: how an RSA key in DER begins. */
const DER_START = Buffer.from("308204a40201000282010100", "hex");

/** As a password manager makes them: letters, digits, and signs that a URL's user part takes. */
function password(rng: Rng): string {
  return rng.text(UPPER, 2) + rng.text(ALNUM, rng.int(10, 16)) + rng.text(DIGITS, 2) + rng.text("-_.~", 1) + rng.text(LOWER, 2);
}

function base64url(text: string): string {
  return Buffer.from(text).toString("base64url");
}
