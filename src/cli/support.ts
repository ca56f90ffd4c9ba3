import { userInfo } from "node:os";
import type { Command } from "commander";
import { SupportWindows } from "../gateway/support-window.js";
import { say, told } from "./told.js";

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `egress-proxy support`: windows of access for the vendor's support. Closed by default; each closes by itself. */
export function addSupportCommand(program: Command): void {
  const support = program.command("support").description("let the vendor's support in for a while: open, close, status");
  const data = ["--data <dir>", "folder of records and spool", "./data"] as const;
  const by = ["--by <who>", "who decides", userInfo().username] as const;
  support
    .command("open")
    .description("open a window of access; it closes by itself")
    .requiredOption("--for <time>", "how long: 30m, 2h, 1d; seven days at most")
    .requiredOption("--reason <text>", "what support is to look at")
    .option(...by)
    .option(...data)
    .action((options: { for: string; reason: string; by: string; data: string }) =>
      told(() => {
        const window = new SupportWindows(options.data).open({
          now: Date.now(),
          forMs: readTime(options.for),
          by: options.by,
          reason: options.reason,
        });
        say(`Support may ask until ${new Date(window.until).toISOString()}. Only client certificates of support.client_ca open the door.`);
      }),
    );
  support
    .command("close")
    .description("close the window that is open")
    .option(...by)
    .option(...data)
    .action((options: { by: string; data: string }) =>
      told(() =>
        say(new SupportWindows(options.data).close(Date.now(), options.by) ? "Support is closed." : "Support was closed already."),
      ),
    );
  support
    .command("status")
    .description("whether support may ask now, and when it could; exit 0 open, 1 closed")
    .option(...data)
    .action((options: { data: string }) =>
      told(() => {
        const windows = new SupportWindows(options.data);
        const all = windows.list();
        const now = Date.now();
        const open = windows.openAt(now);
        say(open === undefined ? "closed" : `open until ${new Date(open.until).toISOString()}, by ${open.by}: ${open.reason}`);
        for (const window of all.slice(-20)) {
          const end =
            window.closed === undefined
              ? `until ${new Date(window.until).toISOString()}`
              : `closed ${new Date(window.closed.at).toISOString()} by ${window.closed.by}`;
          say(`  ${new Date(window.opened).toISOString()}  ${end}  ${window.by}: ${window.reason}`);
        }
        if (open === undefined) process.exitCode = 1;
      }),
    );
}

/** @returns milliseconds; NaN where it is no time, which the window refuses */
function readTime(text: string): number {
  const read = /^([0-9]{1,5})([mhd])$/.exec(text);
  return Number(read?.[1]) * (UNITS[read?.[2] ?? ""] ?? Number.NaN);
}
