import type { Command } from "commander";
import { loadSettings } from "../config/settings.js";
import { addRunOptions, settingsFromFlags } from "../config/settings-flags.js";
import { FaultsError } from "../model/fault.js";
import { type RunningProxy, startProxy } from "../main.js";
import { WorkerCrew } from "../worker-crew.js";
import { leaderSettings } from "../worker-share.js";

/** `egress-proxy run`: serves until SIGTERM or SIGINT, reads policy and CA anew at SIGHUP. Exit 1 where it can't start. */
export function addRunCommand(program: Command): void {
  addRunOptions(program.command("run", { isDefault: true }).description("run the proxy")).action(
    async (options: Readonly<Record<string, unknown>>) => {
      try {
        const settings = loadSettings({ ...settingsFromFlags(options), env: process.env });
        const proxy = await (settings.workers > 1
          ? startProxy(leaderSettings(settings), { crew: new WorkerCrew(settings) })
          : startProxy(settings));
        // Before it says that it is ready: whoever waits for that may end it at once.
        serveUntilSignal(proxy);
        process.stdout.write(greeting(proxy, settings.certs, settings.data));
      } catch (error) {
        if (!(error instanceof FaultsError)) throw error;
        process.stderr.write(`${error.message}\n`);
        process.exitCode = 1;
      }
    },
  );
}

function serveUntilSignal(proxy: RunningProxy): void {
  let stopping = false;
  const stop = (): void => {
    // A second signal means now.
    if (stopping) process.exit(1);
    stopping = true;
    proxy.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
  process.on("SIGHUP", () => void proxy.reload());
}

function greeting({ addresses, firstPassword }: RunningProxy, certs: string, data: string): string {
  const at = (address: { readonly host: string; readonly port: number } | undefined): string =>
    address === undefined ? "off" : `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
  return [
    `diffgram-egress-proxy is ready.`,
    `  proxy    ${at(addresses.proxy)}   (HTTPS_PROXY of Diffgram's pods)`,
    ...(addresses.proxyTls === undefined ? [] : [`  by TLS   ${at(addresses.proxyTls)}   (the same proxy, with its clients' names)`]),
    ...(addresses.firstParty === undefined
      ? []
      : [`  browsers ${at(addresses.firstParty)}   (first-party: what Diffgram's ingress sends of browsers' loader and beacons)`]),
    ...(addresses.transparent === undefined
      ? []
      : [`  redirect ${at(addresses.transparent)}   (transparent: connections that the network redirects)`]),
    `  metrics  ${at(addresses.metrics)}   (/metrics, /healthz, /readyz)`,
    `  CA       ${certs}/ca.crt   (egress-proxy ca bundle --certs ${certs})`,
    `  console  ${addresses.console === undefined ? "off" : `${at(addresses.console)}   (review pages and API)`}`,
    ...(firstPassword === undefined ? [] : [`           sign in as admin with ${firstPassword}   (shown this once)`]),
    `  records  egress-proxy records list --data ${data}`,
    "",
  ].join("\n");
}
