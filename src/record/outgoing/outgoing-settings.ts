import { readFileSync } from "node:fs";
import { type Fault, FaultsError } from "../../model/fault.js";
import type { OutgoingSettings } from "./courier.js";
import type { EventFormat } from "./event-format.js";

/** As the settings write them; "off" is none. */
interface Written {
  readonly webhook_url: string;
  readonly webhook_secret_file: string;
  readonly syslog: string;
  readonly format: EventFormat;
  readonly ca: readonly string[];
}

const LEAST_SECRET = 16;

/** Reads where incidents are told. Throws FaultsError with every fault. */
export function readOutgoing(written: Written): OutgoingSettings {
  const faults: Fault[] = [];
  const fault = (where: string, what: string, mend: string) => void faults.push({ where: `outgoing.${where}`, what, mend });
  const read = (where: string, file: string): Buffer => {
    try {
      return readFileSync(file);
    } catch (error) {
      fault(where, error instanceof Error ? error.message : String(error), "Name a file that this process may read.");
      return Buffer.alloc(LEAST_SECRET);
    }
  };
  const ca = written.ca.length === 0 ? undefined : written.ca.map((file) => read("ca", file).toString("utf8"));
  let webhook: OutgoingSettings["webhook"];
  if (written.webhook_url !== "off") {
    const url = URL.canParse(written.webhook_url) ? new URL(written.webhook_url) : undefined;
    if (url === undefined || !(url.protocol === "https:" || (url.protocol === "http:" && isHere(url.hostname)))) {
      fault("webhook_url", "It is no https URL.", "Write https://siem.example.com/hook; http only to this machine.");
    }
    if (written.webhook_secret_file === "off")
      fault("webhook_secret_file", "Nothing would prove who sends.", "Name a file with a secret that the receiver knows too.");
    const secret =
      written.webhook_secret_file === "off"
        ? Buffer.alloc(LEAST_SECRET)
        : Buffer.from(read("webhook_secret_file", written.webhook_secret_file).toString("utf8").trim());
    if (secret.length < LEAST_SECRET)
      fault("webhook_secret_file", `It holds fewer than ${LEAST_SECRET} bytes.`, "Write for example what `openssl rand -hex 32` prints.");
    if (url !== undefined) webhook = { url, secret, ca };
  }
  const syslog = written.syslog === "off" ? undefined : readSyslog(written.syslog, ca);
  if (written.syslog !== "off" && syslog === undefined)
    fault("syslog", "It is no address of a syslog receiver.", "Write tls://siem.example.com:6514, tcp://HOST:PORT or udp://HOST:PORT.");
  if (faults.length > 0) throw new FaultsError("What is told elsewhere can't be set up:", faults);
  return { webhook, syslog, format: written.format };
}

function readSyslog(written: string, ca: readonly string[] | undefined): OutgoingSettings["syslog"] {
  const [, transport, host, port] = /^(udp|tcp|tls):\/\/(\[[0-9a-f:]+\]|[\w.-]+):(\d{1,5})$/i.exec(written) ?? [];
  if (host === undefined || !(transport === "udp" || transport === "tcp" || transport === "tls")) return undefined;
  return { transport, host: host.replace(/^\[|\]$/g, ""), port: Number(port), ca };
}

function isHere(host: string): boolean {
  return host === "localhost" || host === "127.0.0.1" || host === "[::1]";
}
