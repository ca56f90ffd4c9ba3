/**
 * Proves that a pod can't go around the proxy: tries every way out, and exits 1 where one is open or where the proxy itself is out of reach.
 * Run by `helm test` in Diffgram's namespace, and by hand. Needs nothing but Node.
 *
 *   PROXY host:port   VENDOR_HOST name   OUTSIDE_ADDRESS address on the internet that answers on 443   TRANSPARENT true|false
 */
import { createSocket } from "node:dgram";
import { Resolver, lookup } from "node:dns/promises";
import { connect } from "node:net";

const {
  PROXY = "",
  VENDOR_HOST = "api.segment.io",
  OUTSIDE_ADDRESS = "1.1.1.1",
  DNS_OUTSIDE = "1.1.1.1",
  TRANSPARENT = "false",
} = process.env;
const WAIT_MS = Number(process.env.WAIT_MS ?? 4000);

/** Resolves to true where a TCP connection is accepted. */
function reaches(host, port) {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: WAIT_MS });
    const end = (open) => {
      socket.destroy();
      resolve(open);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

/** What the proxy says to a CONNECT: the status, or 0 where nothing answers. */
function connectStatus(target) {
  const [host, port] = [PROXY.slice(0, PROXY.lastIndexOf(":")), Number(PROXY.slice(PROXY.lastIndexOf(":") + 1))];
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: WAIT_MS });
    let text = "";
    const end = () => {
      socket.destroy();
      resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0));
    };
    socket.once("connect", () => socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`));
    socket.on("data", (piece) => {
      text += piece.toString("latin1");
      if (text.includes("\r\n\r\n")) end();
    });
    socket.once("timeout", end);
    socket.once("error", end);
    socket.once("close", end);
  });
}

/** True where an answer to a DNS query comes from outside by UDP: also the way that QUIC would go. */
function udpAnswers(address, port) {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    const end = (answered) => {
      clearTimeout(timer);
      socket.close();
      resolve(answered);
    };
    const timer = setTimeout(() => end(false), WAIT_MS);
    socket.once("message", () => end(true));
    socket.once("error", () => end(false));
    // A query for the root's name servers: id, recursion desired, one question.
    socket.send(Buffer.from("1234010000010000000000000000020001", "hex"), port, address, (error) => error && end(false));
  });
}

/** True where the name's owner was asked: any answer but "no such name" and "refused". */
async function resolves(name) {
  const resolver = new Resolver({ timeout: WAIT_MS, tries: 1 });
  try {
    await resolver.resolve4(name);
    return true;
  } catch (error) {
    return error.code === "ENODATA";
  }
}

async function direct443() {
  if (TRANSPARENT === "true") return false; // The name leads to the proxy, which is what is wanted.
  try {
    const { address } = await lookup(VENDOR_HOST);
    return await reaches(address, 443);
  } catch {
    return false;
  }
}

const label = () => Math.random().toString(36).slice(2, 12);
const trials = [
  ["the proxy answers a CONNECT to the vendor", true, async () => (await connectStatus(`${VENDOR_HOST}:443`)) === 200],
  ["the proxy refuses a host that no policy names", true, async () => (await connectStatus("attacker.example:443")) === 403],
  [`${VENDOR_HOST}:443 directly`, false, direct443],
  [`${OUTSIDE_ADDRESS}:443 directly`, false, () => reaches(OUTSIDE_ADDRESS, 443)],
  [`${OUTSIDE_ADDRESS}:80 directly`, false, () => reaches(OUTSIDE_ADDRESS, 80)],
  [`${OUTSIDE_ADDRESS}:443 by UDP`, false, () => udpAnswers(OUTSIDE_ADDRESS, 443)],
  [`${DNS_OUTSIDE}:53 by UDP`, false, () => udpAnswers(DNS_OUTSIDE, 53)],
  ["a name under example.com through the cluster's resolver", false, () => resolves("example.com")],
  [`${label()}.attacker.example through the cluster's resolver`, false, () => resolves(`${label()}.attacker.example`)],
];

let failed = 0;
for (const [what, wanted, attempt] of trials) {
  const found = await attempt();
  const good = found === wanted;
  if (!good) failed += 1;
  console.log(`${good ? "ok  " : "FAIL"} ${what}: ${wanted ? (found ? "works" : "does not work") : found ? "is open" : "is closed"}`);
}
console.log(failed === 0 ? "No way around the proxy was found." : `${failed} of ${trials.length} are not as they should be.`);
process.exitCode = failed === 0 ? 0 : 1;
