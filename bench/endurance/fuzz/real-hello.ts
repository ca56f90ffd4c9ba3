import { createServer } from "node:net";
import { connect as connectTls } from "node:tls";

/** What Node's own client says first on a TLS connection. */
export function realHello(): Promise<Buffer> {
  return new Promise((resolve) => {
    const server = createServer((socket) => {
      socket.once("data", (hello: Buffer) => {
        socket.destroy();
        server.close();
        resolve(hello);
      });
      socket.on("error", () => undefined);
    });
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      connectTls({ host: "127.0.0.1", port, servername: "app.diffgram.com", ALPNProtocols: ["h2", "http/1.1"] }).on(
        "error",
        () => undefined,
      );
    });
  });
}
