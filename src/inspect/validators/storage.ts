import type { Validator } from "./validator.js";

/** Schemes of the web, of services and of software, which name no stored object. */
const NO_STORAGE =
  /^(?:https?|wss?|ftps?|sftp|ssh|git(?:\+\w+)?|svn|hg|postgres(?:ql)?(?:\+\w+)?|mysql(?:\+\w+)?|mariadb|sqlite|mssql(?:\+\w+)?|oracle|jdbc|odbc|rediss?|amqps?|mqtts?|kafka|nats|mongodb(?:\+srv)?|ldaps?|tcp|udp|unix|tls|ssl|grpcs?|file|chrome|chrome-extension|moz-extension|safari-extension|about|data|blob|app|vscode|webpack|webpack-internal|node|npm|ng|capacitor|ionic|android-app|ios-app|docker|oci-layout|docker-pullable|containerd|pip|vm|jar|classpath|urn|tag|cid|mid|irc|xmpp|sips?|rtsps?|rtmps?|stun|turns?|magnet|market|intent|res|resource|view-source|javascript|celery|memory|redis\+socket|clickhouse|snowflake|bigquery|elasticsearch|etcd|consul|vault|http\+unix|k8s|kubernetes|pyro|zmq|ipc|inproc|rabbitmq|pulsar|stomp)$/i;

/** `scheme://bucket/object`: whatever the store is called, the text after the bucket names an object of the customer's. */
export const storedObject: Validator = (match) => {
  const scheme = /^[^:]+/.exec(match.text)?.[0] ?? "";
  return !NO_STORAGE.test(scheme) && /:\/\/\/?[^/\s]*\/+[^/\s]/.test(match.text);
};
