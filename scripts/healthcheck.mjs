/** The image's HEALTHCHECK: exit 0 where the metrics listener says that the proxy lives. The slim base image has no curl. */
import { get } from "node:http";

const port = Number((process.env.EGRESS_PROXY_LISTEN_METRICS ?? ":9464").split(":").at(-1));
const request = get({ host: "127.0.0.1", port, path: "/healthz", timeout: 2_000 }, (response) => {
  response.resume();
  process.exitCode = response.statusCode === 200 ? 0 : 1;
});
request.on("timeout", () => request.destroy());
request.on("error", () => {
  process.exitCode = 1;
});
