import { createServer } from "node:http";
import { type SecureContext, createSecureContext, TLSSocket } from "node:tls";
import { Pool } from "undici";

/**
 * The floor in Node: ends TLS, forwards by undici, reads nothing. Arguments: port, upstream HOST:PORT, name; PEMs in the environment.
 */
const [, , port, upstream, name] = process.argv;
const context: SecureContext = createSecureContext({ cert: process.env["EGRESS_BENCH_CERT"], key: process.env["EGRESS_BENCH_KEY"] });
const pool = new Pool(`https://${upstream}`, { connections: 16, connect: { ca: process.env["EGRESS_BENCH_CA"], servername: name } });

const inner = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", () => {
    pool
      .request({
        path: request.url ?? "/",
        method: "POST",
        headers: { host: request.headers.host ?? name ?? "", "content-type": "application/json" },
        body: Buffer.concat(pieces),
      })
      .then(async (answer) => {
        const body = Buffer.from(await answer.body.arrayBuffer());
        response.writeHead(answer.statusCode, { "content-type": "application/json", "content-length": body.length });
        response.end(body);
      })
      .catch(() => response.destroy());
  });
});
const outer = createServer();
outer.on("connect", (_, socket) => {
  socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
  const secure = new TLSSocket(socket, { isServer: true, secureContext: context });
  secure.on("error", () => secure.destroy());
  inner.emit("connection", secure);
});
outer.listen(Number(port), "127.0.0.1", () => process.send?.("ready"));
