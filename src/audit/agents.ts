import type { CheckoutFile } from "./checkout.js";
import type { Observation } from "./finding.js";
import { lineAt, lineStartsOf } from "./python/program.js";

/** A vendor's agent or client, told by the name it is installed under, and where it sends. */
interface Agent {
  readonly name: string;
  readonly host: string;
  readonly pattern: RegExp;
}

const AGENTS: readonly Agent[] = [
  {
    name: "New Relic",
    host: "collector*.newrelic.com",
    pattern:
      /(?<![\w.-])(?:@newrelic\/[\w-]+|newrelic(?:-admin|-python-agent|-infra|-browser)?)(?![\w-]*[a-z]*\.(?:py|md)\b)(?![\w])|\bNEW_RELIC_[A-Z_]+/i,
  },
  { name: "Stripe", host: "api.stripe.com", pattern: /(?<![\w.-])(?:@stripe\/[\w-]+|stripe|vue-stripe[\w-]*)(?![\w-])|\bSTRIPE_[A-Z_]+/i },
  {
    name: "Mailgun",
    host: "api.mailgun.net",
    pattern: /(?<![\w.-])(?:mailgun(?:\.js|-js|-py|-python|2)?|flask-mailgun|django-anymail)(?![\w-])|\bMAILGUN_[A-Z_]+/i,
  },
  { name: "Scale", host: "api.scale.com", pattern: /(?<![\w.-])scaleapi(?![\w-])/i },
  { name: "Labelbox", host: "api.labelbox.com", pattern: /(?<![\w.-])labelbox(?![\w-])/i },
  {
    name: "Segment",
    host: "api.segment.io",
    pattern: /(?<![\w.-])(?:analytics-python|segment-analytics-python|@segment\/[\w-]+|analytics-node)(?![\w-])/i,
  },
  {
    name: "Sentry",
    host: "*.ingest.sentry.io",
    pattern: /(?<![\w.-])(?:@sentry\/[\w-]+|sentry-sdk|raven|vue-raven)(?![\w-])|\bSENTRY_DSN\b/i,
  },
  {
    name: "Datadog",
    host: "*.datadoghq.com",
    pattern: /(?<![\w.-])(?:ddtrace(?:-run)?|datadog|@datadog\/[\w-]+)(?![\w-])|\bDD_API_KEY\b/i,
  },
  { name: "Hotjar", host: "*.hotjar.com", pattern: /(?<![\w.-])(?:vue-hotjar|react-hotjar|@hotjar\/[\w-]+)(?![\w-])/i },
  {
    name: "Intercom",
    host: "*.intercom.io",
    pattern: /(?<![\w.-])(?:vue-intercom|react-use-intercom|@intercom\/[\w-]+|python-intercom)(?![\w-])/i,
  },
  { name: "LogRocket", host: "*.logrocket.io", pattern: /(?<![\w.-])logrocket(?![\w-])/i },
];

/** Agents that images, requirements, packages and charts install or start. One finding a file and agent, at its first line. */
export function readAgents(files: readonly CheckoutFile[]): Observation[] {
  return files.flatMap((file) => {
    if (file.kind !== "manifest" && file.kind !== "compose") return [];
    return AGENTS.flatMap((agent) => {
      const at = firstUse(file, agent.pattern);
      if (at === undefined) return [];
      const line = lineAt(lineStartsOf(file.text), at);
      return [
        {
          kind: "agent",
          file: file.path,
          line,
          name: agent.name,
          detail: `${agent.name} is installed, configured or started here; it sends to ${agent.host} on its own, and what it sends can't be read from this source.`,
        } satisfies Observation,
      ];
    });
  });
}

/** The first line that is no comment and names the agent as a word. */
function firstUse(file: CheckoutFile, pattern: RegExp): number | undefined {
  const isJson = file.path.endsWith(".json");
  let at = 0;
  for (const line of file.text.split("\n")) {
    const code = isJson ? line : line.replace(/(?:^|\s)#.*$/, "");
    const relevant = isJson
      ? /^\s*"(?:[^"]+)"\s*:\s*"[^"]*"/.test(code) && !/^\s*"(?:name|description|version|homepage|author|license|keywords)"/.test(code)
      : true;
    if (relevant && pattern.test(isJson ? (/^\s*"([^"]+)"\s*:/.exec(code)?.[1] ?? "") : code)) return at + line.search(/\S/);
    at += line.length + 1;
  }
  return undefined;
}
