import { z } from "zod";
import type { Manifest } from "./manifest.js";

/** A pod (or, outside the cluster, a host) as the policies see it. */
export interface Endpoint {
  readonly name: string;
  readonly address: string;
  /** Undefined: no pod of this cluster. */
  readonly pod?: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
}

const SELECTOR = z.strictObject({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: z.array(z.strictObject({ key: z.string(), operator: z.enum(["In", "NotIn"]), values: z.array(z.string()) })).optional(),
});
const PEER = z.strictObject({
  podSelector: SELECTOR.optional(),
  namespaceSelector: SELECTOR.optional(),
  ipBlock: z.strictObject({ cidr: z.string(), except: z.array(z.string()).optional() }).optional(),
});
const PORT = z.strictObject({ protocol: z.enum(["TCP", "UDP"]), port: z.number() });
const RULE = z.strictObject({ from: z.array(PEER).optional(), to: z.array(PEER).optional(), ports: z.array(PORT).optional() });
const SPEC = z.strictObject({
  podSelector: SELECTOR,
  policyTypes: z.array(z.enum(["Ingress", "Egress"])),
  ingress: z.array(RULE).optional(),
  egress: z.array(RULE).optional(),
});

type Selector = z.output<typeof SELECTOR>;
type Peer = z.output<typeof PEER>;
type Rule = z.output<typeof RULE>;

/**
 * Compiles NetworkPolicies into a nftables table for the host that all pods' packets cross, by the semantics of networking.k8s.io/v1: a pod that a
 * policy selects may do what some policy allows, in each direction apart; a pod that none selects may do everything; answers follow their
 * connection. Only IPv4, which is all that the test's network speaks.
 *
 * @throws ZodError where a policy holds what this compiler does not know, rather than leave it out
 */
export function compilePolicies(manifests: readonly Manifest[], endpoints: readonly Endpoint[]): string {
  const policies = manifests
    .filter((each) => each.kind === "NetworkPolicy")
    .map((each) => ({ namespace: each.metadata.namespace ?? "default", spec: SPEC.parse(each["spec"]) }));
  const chains: string[] = [];
  const jumps: string[] = [];
  for (const endpoint of endpoints) {
    const { pod, address } = endpoint;
    if (pod === undefined) continue;
    const own = policies.filter(({ namespace, spec }) => namespace === pod.namespace && selects(spec.podSelector, pod.labels));
    for (const [direction, type, side] of [
      ["egress", "Egress", "saddr"],
      ["ingress", "Ingress", "daddr"],
    ] as const) {
      const isolating = own.filter(({ spec }) => spec.policyTypes.includes(type));
      if (isolating.length === 0) continue;
      const chain = `${direction}_${endpoint.name.replaceAll("-", "_")}`;
      const lines = isolating.flatMap(({ namespace, spec }) =>
        (spec[direction] ?? []).flatMap((rule) => matches(rule, direction, namespace, endpoints)).map((match) => `    ${match} return`),
      );
      chains.push(`  chain ${chain} {\n${[...lines, "    drop"].join("\n")}\n  }`);
      jumps.push(`    ip ${side} ${address} jump ${chain}`);
    }
  }
  const forward = [
    "  chain forward {",
    "    type filter hook forward priority 0; policy accept;",
    "    ct state established,related accept",
    ...jumps,
    "  }",
  ];
  return ["table ip policies {", ...chains, forward.join("\n"), "}", ""].join("\n");
}

function matches(rule: Rule, direction: "egress" | "ingress", namespace: string, endpoints: readonly Endpoint[]): string[] {
  const side = direction === "egress" ? "daddr" : "saddr";
  const peers = direction === "egress" ? rule.to : rule.from;
  const addresses = peers === undefined ? [""] : peers.flatMap((peer) => peerMatch(peer, side, namespace, endpoints));
  const ports = rule.ports === undefined ? [""] : rule.ports.map(({ protocol, port }) => `${protocol.toLowerCase()} dport ${port}`);
  return addresses.flatMap((address) => ports.map((port) => `${address} ${port}`.trim()));
}

function peerMatch(peer: Peer, side: string, namespace: string, endpoints: readonly Endpoint[]): string[] {
  if (peer.ipBlock !== undefined) {
    const { cidr, except = [] } = peer.ipBlock;
    if (cidr.includes(":")) return [];
    return [`ip ${side} ${cidr}${except.length === 0 ? "" : ` ip ${side} != { ${except.join(", ")} }`}`];
  }
  const found = endpoints.filter(({ pod }) => {
    if (pod === undefined) return false;
    const inNamespace =
      peer.namespaceSelector === undefined ? pod.namespace === namespace : selects(peer.namespaceSelector, namespaceLabels(pod.namespace));
    return inNamespace && (peer.podSelector === undefined || selects(peer.podSelector, pod.labels));
  });
  return found.length === 0 ? [] : [`ip ${side} { ${found.map(({ address }) => address).join(", ")} }`];
}

/** What Kubernetes itself puts on every namespace. */
const namespaceLabels = (name: string): Readonly<Record<string, string>> => ({ "kubernetes.io/metadata.name": name });

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Readonly<Record<string, string>>): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => values.includes(labels[key] ?? "") === (operator === "In"))
  );
}
