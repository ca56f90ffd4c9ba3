import type { Settings } from "./config/settings.js";
import type { ApiServer } from "./kubernetes/api-client.js";
import { PodDirectory } from "./kubernetes/pod-directory.js";
import { FaultsError } from "./model/fault.js";
import type { Logger } from "./model/ports.js";

/**
 * What begins to follow the pods of the namespaces that the settings name; undefined where they name none, or this process serves no client.
 *
 * @throws FaultsError where the settings say in-cluster and this is no pod, or no address
 */
export function podDirectoryOf({ kubernetes, listen }: Settings, logger: Logger): (() => PodDirectory) | undefined {
  const serves = [listen.proxy, listen["proxy-tls"], listen.transparent].some((address) => address !== undefined);
  if (kubernetes.namespaces.length === 0 || !serves) return undefined;
  const server = serverOf(kubernetes);
  return () => new PodDirectory({ server, namespaces: kubernetes.namespaces, logger });
}

function serverOf({ api, credentials }: Settings["kubernetes"]): ApiServer {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
  const written = api === "in-cluster" ? host && `https://${host.includes(":") ? `[${host}]` : host}:${port ?? "443"}` : api;
  const url = written !== undefined && URL.canParse(written) ? new URL(written) : undefined;
  if (url?.protocol !== "https:")
    throw new FaultsError("Pods can't be looked up:", [
      {
        where: "kubernetes.api",
        what: api === "in-cluster" ? "This process runs in no pod: Kubernetes told it no API server." : "It is no https:// address.",
        mend: "Write https://HOST:PORT, or leave kubernetes.namespaces empty to name clients by address alone.",
      },
    ]);
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port: Number(url.port === "" ? 443 : url.port), credentials };
}
