/** How surely a name says that its value is a secret: `password` always does, `token` and `key` also name harmless things. */
export type SecretName = "password" | "secret" | "perhaps";

/** Words for a password, in the languages of those who use Diffgram. */
const PASSWORD =
  "password passwd passwds passwords passwort passwrt passphrase passcode pwd psswd kennwort kenwort motdepasse mdp contrasena contrasenya contraseña senha wachtwoord haslo hasło heslo parola lösenord losenord salasana passord adgangskode jelszo jelszó sifre şifre пароль 密码 密碼 パスワード 暗証番号 비밀번호 암호 סיסמה mật_khẩu";

const SECRET =
  "secret secrets apikey apikeys apitoken apisecret accesskey secretkey privatekey signingkey encryptionkey masterkey sharedkey authtoken accesstoken refreshtoken bearertoken sessiontoken clientsecret clientkey appsecret appkey webhooksecret credential credentials creds cred hmac psk kek dek geheim geheimnis secreto segreto segredo hemlighet";

const PERHAPS =
  "token tokens key keys auth authorization authorisation bearer session sessionid sid sessid phpsessid jsessionid cookie cookies csrf xsrf csrftoken xsrftoken csrfmiddlewaretoken nonce otp totp mfa seed salt pat jwt pass pin signature authkey authcode verifier sas webhook private schlüssel schluessel clave clé cle chiave chave sleutel klucz nyckel avain anahtar ключ токен 密钥 密鑰 令牌 トークン キー 토큰 토큰키";

const BY_WORD: ReadonlyMap<string, SecretName> = new Map([
  ...PERHAPS.split(" ").map((word): [string, SecretName] => [word, "perhaps"]),
  ...SECRET.split(" ").map((word): [string, SecretName] => [word, "secret"]),
  ...PASSWORD.split(" ").map((word): [string, SecretName] => [word, "password"]),
]);

/** Two words that together are surer than the last alone: `api key`, `auth token`. */
const SURE_PAIR =
  /^(?:api|access|auth|oauth|secret|private|signing|encryption|encrypt|master|shared|refresh|bearer|client|app|application|consumer|service|webhook|bot|deploy|license|licence|activation|account|subscription|security|ssh|server) ?(?:key|keys|token|tokens|secret|code)$|^(?:recovery|backup|unlock|auth|authorization|verification|activation) codes?$|^mot de passe$|^code pin$/;

/** A key that is stored, looked up or shown, and a token of language: `cache_key`, `primary key`. */
const HARMLESS_BEFORE =
  /^(?:primary|foreign|partition|sort|range|cache|cached|routing|idempotency|idempotent|dedupe|dedup|deduplication|lock|redis|memcached|i18n|locale|translation|message|public|unique|hash|row|column|object|group|index|surrogate|natural|composite|candidate|lookup|storage|bucket|registry|map|dict|json|node|event|metric|label|config|setting|settings|feature|flag|query|search|s3|next|page|continuation|pagination|cursor|sync|trace|span|text|bearing|publishable|site|write|etag|pub|host|known|ssh_host|fingerprint|item|entity|record|sql|permission|react|state|store|topic|queue|kafka|shard|grouping|image|media|attr|attribute|field|property|stop|eos|bos|pad|unk|mask|start|end|special|input|output|prompt|completion|max|min|num|total|jwk|menu|nav|tab|arrow|enter|escape|hot|shortcut|access_log)$/;

/** What is told *about* a secret: its id, its age, where it is kept. */
const HARMLESS_AFTER =
  /^(?:id|ids|uuid|guid|name|names|count|counts|counter|type|types|kind|url|urls|uri|path|paths|file|files|filename|field|fields|expires|expiry|expired|expiration|expire|at|on|ttl|timeout|length|len|size|policy|policies|version|method|methods|provider|backend|backends|ref|reference|limit|limits|valid|validity|invalid|enabled|disabled|required|missing|present|set|unset|status|state|format|hint|age|date|time|created|updated|rotated|rotation|changed|reset|strength|score|error|errors|message|algorithm|alg|hash_algorithm|rounds|scope|scopes|manager|store|storage|engine|middleware|class|usage|used|rate|per|budget|index|position|pos|start|end|offset|label|labels|title|description|desc|prefix|suffix|pattern|regex|schema|column|table|endpoint|host|domain|region|issuer|audience|owner|user|email|source|mode|flow|view|views|list|form|page|button|prompt|input|fingerprint|thumbprint|checksum|digest|sha|sha1|sha256|md5|last4|first4|last|masked|redacted|placeholder|board|word|words|stroke|press|down|up|code_block|frame|frames|point|points|map|mapping|space|bindings|pair|pairs)$/;

/** Endings of names that are written as one word: `dbpassword`, `githubtoken`, `jwtsecret`. */
const GLUED: readonly (readonly [RegExp, SecretName])[] = [
  [/(?:password|passwd|passphrase|passwort|kennwort|pwd)$/, "password"],
  [/(?:secret|apikey|accesskey|secretkey|privatekey|credentials?|secretstring|authtoken|accesstoken)$/, "secret"],
  [/(?:token|sessionid|sessid|authkey|cookie)$/, "perhaps"],
];

const ONE_WORD = /^(?:password|passwd|passphrase|pwd|secret|token|apikey|accesskey|credentials?)$/;

const known = new Map<string, SecretName | undefined>();

/** What a member's, variable's or parameter's name says of its value; undefined where it names no secret. `clientSecret`, `CLIENT-SECRET` are one. */
export function secretNameOf(name: string): SecretName | undefined {
  if (known.has(name)) return known.get(name);
  const lower = name.toLowerCase();
  // `toKen` is two words by its capitals, and one to whoever reads it.
  const found = judge(wordsOf(name)) ?? (ONE_WORD.test(lower) && lower !== name ? judge([lower]) : undefined);
  // Bounded: names come from hostile bodies.
  if (name.length <= 64 && known.size < 4096) known.set(name, found);
  return found;
}

function wordsOf(name: string): readonly string[] {
  return name
    .normalize("NFC")
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter((word) => word !== "");
}

/** Words behind the secret's own that say that it is the secret itself. */
const ITSELF =
  /^(?:base|value|val|string|str|text|material|data|plain|plaintext|raw|b64|base64|hex|new|old|current|previous|prod|production|dev|staging|live|test|main|default|root|admin|again|confirm|confirmation|here|api|code|http|job|[a-z]?\d*|v\d+)$/;

/** Words that are looked at from the end of a name. */
const MOST_WORDS = 4;

function judge(words: readonly string[]): SecretName | undefined {
  let isItself = true;
  for (let at = words.length - 1; at >= 0 && at >= words.length - MOST_WORDS; at -= 1) {
    const word = words[at] ?? "";
    const before = words[at - 1];
    if (before !== undefined && SURE_PAIR.test(`${before} ${word}`)) return "secret";
    if (before === "de" && word === "passe") return "password";
    if (/^sess(?:ion)?$/.test(before ?? "") && word === "id") return "perhaps";
    const found = BY_WORD.get(word) ?? GLUED.find(([ending]) => ending.test(word))?.[1];
    if (found === "perhaps" && (!isItself || isHarmlessBefore(before))) return undefined;
    if (found !== undefined) return found;
    if (HARMLESS_AFTER.test(word)) return undefined;
    isItself &&= ITSELF.test(word);
  }
  return undefined;
}

/** Whether the word before `key` or `token` makes it one that is no secret: `primary key`, `page_token`. */
export function isHarmlessBefore(word: string | undefined): boolean {
  return word !== undefined && HARMLESS_BEFORE.test(word);
}
