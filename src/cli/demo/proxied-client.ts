import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { PlayedRequest } from "./played-request.js";

export interface ClientAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Sends one request as Diffgram's clients do: a connection of its own, CONNECT, TLS verified against the proxy's CA, one POST.
 *
 * @param caPem what the client trusts: the proxy's CA
 * @throws Error where the proxy refuses the tunnel or no answer comes
 */
export async function sendThroughProxy(proxyPort: number, caPem: string, request: PlayedRequest): Promise<ClientAnswer> {
  const socket = connect({ host: "127.0.0.1", port: proxyPort });
  socket.write(`CONNECT ${request.host}:443 HTTP/1.1\r\nHost: ${request.host}:443\r\n\r\n`);
  const opened = await readUntil(socket, (text) => text.includes("\r\n\r\n"));
  if (!opened.startsWith("HTTP/1.1 200 ")) return parseAnswer(opened);
  const secure = connectTls({ socket, servername: request.host, ca: caPem, minVersion: "TLSv1.2" });
  const fields = Object.entries({ ...request.headers, "Content-Length": String(request.body.length), Connection: "close" });
  const head = `${request.method} ${request.path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
  secure.write(Buffer.concat([Buffer.from(head), request.body]));
  return parseAnswer(await readUntil(secure, () => false));
}

async function readUntil(socket: Socket, enough: (text: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const onData = (piece: Buffer): void => {
      text += piece.toString("latin1");
      if (!enough(text)) return;
      socket.off("data", onData);
      socket.pause();
      resolve(text);
    };
    socket.on("data", onData);
    socket.once("error", reject);
    socket.once("end", () => resolve(text));
  });
}

function parseAnswer(text: string): ClientAnswer {
  const gap = text.indexOf("\r\n\r\n");
  return { status: Number(text.split(" ", 2)[1]), body: gap < 0 ? "" : text.slice(gap + 4) };
}
