import type { ReportFacts } from "./facts.js";
import { sectionsOf, summaryOf } from "./sections.js";

/** The report as GitHub-flavoured Markdown. */
export function markdownReport(facts: ReportFacts): string {
  const time = (at: number): string => new Date(at).toISOString().slice(0, 16).replace("T", " ");
  const lines = [
    `# Data transfer report`,
    "",
    `From ${time(facts.period.since)} until ${time(facts.period.until)}, made ${time(facts.madeAt)}. All times are UTC.`,
    "",
    ...summaryOf(facts).map((sentence) => `- ${sentence}`),
  ];
  for (const { title, lead, head, numbers, rows } of sectionsOf(facts)) {
    lines.push("", `## ${title}`, "", lead, "");
    if (rows.length === 0) {
      lines.push("None.");
      continue;
    }
    lines.push(
      row(head),
      row(head.map((_, column) => (numbers.includes(column) ? "---:" : "---"))),
      ...rows.map((cells) => row(cells.map(plain))),
    );
  }
  return `${lines.join("\n")}\n`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Traffic fills these cells: nothing in them is a link, an image, a tag or a new line. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, "?").replace(/[\\`*_[\]<>|~#&!]/g, (special) => `\\${special}`);
}
