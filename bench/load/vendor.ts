import { createServer } from "node:https";

/**
 * The stand-in upstream of the load benchmark, a process of its own: answers every request with 200 and a small JSON.
 * Arguments: host, port; certificate and key as PEM in EGRESS_BENCH_CERT and EGRESS_BENCH_KEY.
 */
const [, , host, port] = process.argv;
const server = createServer({ cert: process.env["EGRESS_BENCH_CERT"], key: process.env["EGRESS_BENCH_KEY"] }, (request, response) => {
  request.on("data", () => undefined);
  request.on("end", () => {
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": "17" });
    response.end('{"success": true}');
  });
});
server.keepAliveTimeout = 120_000;
server.listen(Number(port), host, () => process.send?.("ready"));
