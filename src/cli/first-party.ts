import type { Command } from "commander";
import { InvalidArgumentError } from "commander";
import { loadPolicy } from "../config/policy.js";
import { readRulesDir, schemaNamesOf } from "../config/rules-directory.js";
import { loadSettings, type Settings } from "../config/settings.js";
import { addRunOptions, settingsFromFlags } from "../config/settings-flags.js";
import { contentSecurityPolicy } from "../http/content-security-policy.js";
import { ruleIdsOf } from "../inspect/rule-ids.js";
import { FaultsError } from "../model/fault.js";
import { say, told } from "./told.js";

type Flags = Readonly<Record<string, unknown>>;

/**
 * `egress-proxy first-party`: what Diffgram's ingress has to say so that browsers that no PAC file reaches load the tag manager from Diffgram's own
 * domain, and can send nothing elsewhere.
 */
export function addFirstPartyCommand(program: Command): void {
  const command = program
    .command("first-party")
    .description("for browsers that no PAC file reaches: the Content-Security-Policy and the ingress");
  addRunOptions(command.command("csp"))
    .description("print the Content-Security-Policy of Diffgram's pages: 'self' and the hosts that the settings name")
    .action((flags: Flags) => told(() => say(policyOf(settingsOf(flags)))));
  addRunOptions(command.command("ingress"))
    .description(
      "print an Ingress (ingress-nginx) that sends the loader and beacons to this proxy, and adds the policy to Diffgram's pages",
    )
    .option("--service <name>", "the Service of this proxy", name, "egress-proxy")
    .option("--port <number>", "its port for listen.first-party", port, 8090)
    .action((flags: Flags & { readonly service: string; readonly port: number }) => told(() => say(ingressOf(settingsOf(flags), flags))));
}

function policyOf({ first_party: { static_hosts: staticHosts, own_hosts: ownHosts } }: Settings): string {
  const faults = [...staticHosts, ...ownHosts]
    .filter((host) => !/^(?:https:\/\/)?[a-z0-9](?:[a-z0-9.-]{0,200}[a-z0-9])?(?::[0-9]{1,5})?$/.test(host))
    .map((host) => ({
      where: "first_party",
      what: `"${host}" is no host.`,
      mend: "Write a name such as fonts.gstatic.com or https://s3.example.org:9000, without a path or wildcard.",
    }));
  if (faults.length > 0) throw new FaultsError("The policy can't be made:", faults);
  return contentSecurityPolicy({ staticHosts, ownHosts });
}

function ingressOf(settings: Settings, { service, port: number }: { readonly service: string; readonly port: number }): string {
  const { hosts, path } = settings.first_party;
  if (hosts.length === 0) {
    throw new FaultsError("The Ingress can't be made:", [
      { where: "first_party.hosts", what: "No host of Diffgram's own is named.", mend: "Name the hosts that browsers open Diffgram by." },
    ]);
  }
  const files = readRulesDir(settings.rules, settings.overlays);
  const { policy } = loadPolicy(files, {
    now: Date.now(),
    connectTo: settings.upstream.connect_to,
    schemaNames: schemaNamesOf(files),
    ruleIds: ruleIdsOf(files.rules),
  });
  const rewrites = policy.destinations
    .filter(({ caseName }) => caseName === "js-error-collection")
    .map(({ host, name: destination }) => `      sub_filter "https://${host}/" "${path}/${destination}/";`);
  const rules = hosts.map((host) =>
    [
      `    - host: ${host}`,
      "      http:",
      "        paths:",
      `          - { path: ${path}/, pathType: Prefix, backend: { service: { name: ${service}, port: { number: ${number} } } } }`,
    ].join("\n"),
  );
  return [
    "# 1. The loader and beacons, on Diffgram's own domain, go to the proxy. Apply it in the proxy's namespace: an Ingress reaches Services of its own.",
    "apiVersion: networking.k8s.io/v1",
    "kind: Ingress",
    "metadata:",
    "  name: diffgram-first-party",
    "spec:",
    "  ingressClassName: nginx",
    "  rules:",
    ...rules,
    "---",
    "# 2. To the annotations of Diffgram's own Ingress: pages load from there, and may speak to nobody else. ingress-nginx takes snippets",
    "# only where its allow-snippet-annotations is true; any other way to add a header and replace a text serves as well.",
    "metadata:",
    "  annotations:",
    "    nginx.ingress.kubernetes.io/configuration-snippet: |",
    '      proxy_set_header Accept-Encoding "";',
    "      sub_filter_once off;",
    "      sub_filter_types application/javascript;",
    ...rewrites,
    `      more_set_headers "Content-Security-Policy: ${policyOf(settings)}";`,
  ].join("\n");
}

function settingsOf(flags: Flags): Settings {
  return loadSettings({ ...settingsFromFlags(flags), env: process.env });
}

function name(text: string): string {
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text)) throw new InvalidArgumentError("Write the name of a Service.");
  return text;
}

function port(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) throw new InvalidArgumentError("Write a port, 1 to 65535.");
  return number;
}
