/**
 * A host on the internet, as a program: the vendor on 443 by TLS, something on 80, and an answer to every datagram on 443 and 53.
 * With a third argument it is a cluster's resolver instead: that address for the vendor's names, and "no such name" for every other.
 *
 *   node outside-host.js CA_FOLDER HOST,HOST [ADDRESS]
 */
import { createSocket } from "node:dgram";
import { createServer as createPlain } from "node:http";
import { createServer } from "node:https";
import { createSecureContext } from "node:tls";
import { openAuthority } from "../../src/tls/authority.js";

const [folder = "", hosts = "", vendorAddress] = process.argv.slice(2);

/** The same datagram as an answer: QR set, and where it is a name server's, one A record or NXDOMAIN. */
function dnsAnswer(query: Buffer): Buffer {
  const answer = Buffer.from(query);
  answer.writeUInt16BE(0x8180, 2);
  if (vendorAddress === undefined) return answer;
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  const known = hosts.split(",").includes(labels.join(".").toLowerCase());
  answer.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
  if (!known || query.readUInt16BE(at + 1) !== 1) return answer;
  answer.writeUInt16BE(1, 6);
  const record = Buffer.from([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...vendorAddress.split(".").map(Number)]);
  return Buffer.concat([answer.subarray(0, at + 5), record]);
}

async function answerDatagrams(port: number): Promise<void> {
  const socket = createSocket("udp4");
  socket.on("message", (message, from) => socket.send(message.length >= 17 ? dnsAnswer(message) : message, from.port, from.address));
  await new Promise<void>((resolve) => socket.bind(port, "0.0.0.0", resolve));
}

await answerDatagrams(53);
if (vendorAddress === undefined) {
  await answerDatagrams(443);
  const authority = await openAuthority({ dir: folder, now: Date.now(), createIfMissing: true });
  const contexts = new Map<string, ReturnType<typeof createSecureContext>>();
  for (const host of hosts.split(",")) {
    const leaf = await authority.mint(host, Date.now());
    contexts.set(host, createSecureContext({ key: leaf.privateKeyPem, cert: leaf.certificatePem }));
  }
  const secure = createServer({ SNICallback: (name, done) => done(null, contexts.get(name)) }, (request, response) => {
    request.resume();
    request.on("end", () => response.writeHead(200, { "content-type": "application/json" }).end('{"success": true}\n'));
  });
  await new Promise<void>((resolve) => secure.listen(443, "0.0.0.0", resolve));
  await new Promise<void>((resolve) => createPlain((_, response) => response.end()).listen(80, "0.0.0.0", resolve));
}
process.stdout.write("ready\n");
