import { createSocket } from "node:dgram";
import { connect as connectPlain, type Socket } from "node:net";
import { hostname } from "node:os";
import { connect as connectTls } from "node:tls";

const PATIENCE_MS = 10_000;
/** Facility 13, log audit (RFC 5424, section 6.2.1). */
const FACILITY = 13;

export interface SyslogSettings {
  readonly transport: "udp" | "tcp" | "tls";
  readonly host: string;
  readonly port: number;
  /** Roots beside the system's, PEM. */
  readonly ca: readonly string[] | undefined;
}

/** One message in the form of RFC 5424. @param severity 1 alert to 6 informational */
export function syslogMessage(severity: number, kind: string, at: number, text: string): string {
  const host =
    hostname()
      .replace(/[^\x21-\x7e]/g, "-")
      .slice(0, 255) || "-";
  return `<${FACILITY * 8 + severity}>1 ${new Date(at).toISOString()} ${host} egress-proxy ${process.pid} ${kind} - ${text}`;
}

/**
 * Hands one message over: UDP as one datagram (RFC 5426), TCP and TLS with its length in front (RFC 6587, section 3.4.1; RFC 5425, section
 * 4.3). Syslog knows no answer: it resolves once the other side took the bytes and the close. TLS is verified.
 */
export function sendSyslog({ transport, host, port, ca }: SyslogSettings, message: string): Promise<void> {
  const bytes = Buffer.from(message, "utf8");
  return new Promise((resolve, reject) => {
    if (transport === "udp") {
      const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
      socket.on("error", (error) => {
        socket.close();
        reject(error);
      });
      socket.send(bytes, port, host, (error) => {
        socket.close();
        if (error) reject(error);
        else resolve();
      });
      return;
    }
    const socket: Socket =
      transport === "tcp" ? connectPlain(port, host) : connectTls({ port, host, servername: host, ...(ca && { ca: [...ca] }) });
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new Error(`No answer within ${PATIENCE_MS} ms.`)));
    socket.on("error", reject);
    socket.on("close", (failed) => (failed ? undefined : resolve()));
    socket.on(transport === "tcp" ? "connect" : "secureConnect", () => socket.end(Buffer.concat([Buffer.from(`${bytes.length} `), bytes])));
    socket.resume();
  });
}
