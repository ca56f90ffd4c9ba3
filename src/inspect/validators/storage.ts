import type { Validator } from "./validator.js";

/** Schemes of the web, of services and of software, which name no stored object. */
const NO_STORAGE =
  /^(?:https?|wss?|ftps?|sftp|ssh|git(?:\+\w+)?|svn|hg|postgres(?:ql)?(?:\+\w+)?|mysql(?:\+\w+)?|mariadb|sqlite|mssql(?:\+\w+)?|oracle|jdbc|odbc|rediss?|amqps?|mqtts?|kafka|nats|mongodb(?:\+srv)?|ldaps?|tcp|udp|unix|tls|ssl|grpcs?|file|chrome|chrome-extension|moz-extension|safari-extension|about|data|blob|app|vscode|webpack|webpack-internal|node|npm|ng|capacitor|ionic|android-app|ios-app|docker|oci-layout|docker-pullable|containerd|pip|vm|jar|classpath|urn|tag|cid|mid|irc|xmpp|sips?|rtsps?|rtmps?|stun|turns?|magnet|market|intent|res|resource|view-source|javascript|celery|memory|redis\+socket|clickhouse|snowflake|bigquery|elasticsearch|etcd|consul|vault|http\+unix|k8s|kubernetes|pyro|zmq|ipc|inproc|rabbitmq|pulsar|stomp)$/i;

/** `scheme://bucket/object`: whatever the store is called, the text after the bucket names an object of the customer's. */
export const storedObject: Validator = (match) => {
  const scheme = /^[^:]+/.exec(match.text)?.[0] ?? "";
  return !NO_STORAGE.test(scheme) && /:\/\/\/?[^/\s]*\/+[^/\s]/.test(match.text);
};

/** What engines say in a file's place, and files of programs: what a build makes of them, and what they are written in. */
const NO_FILE =
  /^(?:<(?:anonymous|unknown|string|stdin|console|module|eval|frozen [\w.]+|__array_function__ internals|(?:ipython-input|decorator-gen)[\w-]*)>|\[native code\]|native|unknown|about:(?:blank|srcdoc))$/i;
const PROGRAM = /\.(?:[mc]?jsx?|tsx|vue|svelte|wasm|pyc?|pyx|so|dll|exe|java|kt|class|jar|go|rb|php|rs|cc?|cpp|hh?|hpp|cs|swift|lua|sh)$/i;

/** TypeScript where a build tells of it; elsewhere `.ts` and `.mts` are films too. */
const BUILT = /^(?:webpack|webpack-internal|app|vite|ng):\/\/.*\.[mc]?ts$/i;

/** The file of a frame in a stack trace (`"filename": "/app/methods/task.py"`, `<anonymous>`). Under the other names of the rule none of these is exempt. */
export const programFile: Validator = ({ text }, _, key) => {
  if (key !== "filename" && key !== "file_name" && key !== "fileName") return false;
  if (NO_FILE.test(text)) return true;
  const path = text.replace(/[?#].*$/s, "").replace(/(?::\d{1,7}){1,2}$/, "");
  return PROGRAM.test(path) || BUILT.test(path);
};
