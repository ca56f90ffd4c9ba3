import type { ReportFormat } from "../../model/console-ports.js";
import { CSV_HEAD, csvLine } from "../../model/record-csv.js";
import type { ReportFacts } from "./facts.js";
import { htmlReport } from "./html.js";
import { markdownReport } from "./markdown.js";

/** A report in one of its forms. CSV holds the transfers with their states and nothing else: a table has one kind of row. */
export function writeReport(facts: ReportFacts, format: ReportFormat): string {
  switch (format) {
    case "html":
      return htmlReport(facts);
    case "md":
      return markdownReport(facts);
    case "csv":
      return `${[CSV_HEAD, ...facts.records.map(csvLine)].join("\n")}\n`;
    case "json":
      return `${JSON.stringify(
        {
          ...facts,
          period: { since: new Date(facts.period.since).toISOString(), until: new Date(facts.period.until).toISOString() },
          madeAt: new Date(facts.madeAt).toISOString(),
        },
        undefined,
        2,
      )}\n`;
  }
}
