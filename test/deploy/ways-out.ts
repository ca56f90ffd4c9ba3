/**
 * Tries every way out of a pod at once, as a program, and prints what each led to: {"explicit": 200, "direct": false, …}.
 *
 *   node ways-out.js PROXY_ADDRESS TRANSPARENT_ADDRESS OUTSIDE_ADDRESS NEIGHBOUR_ADDRESS CA_FILE TRAFFIC_FOLDER
 */
import { createSocket } from "node:dgram";
import { Resolver } from "node:dns/promises";
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { type PlayedRequest, readTraffic } from "../../src/cli/demo/played-request.js";

const [proxy = "", transparent = "", outside = "", neighbour = "", caFile = "", traffic = ""] = process.argv.slice(2);
const WAIT_MS = 4_000;
const ca = readFileSync(caFile);
const event = readTraffic(traffic, new Date()).find((request) => request.name.startsWith("clean-page-visit"));
if (event === undefined) throw new Error("There is no clean event to send.");

const late = <T>(value: T): Promise<T> => new Promise((resolve) => setTimeout(resolve, WAIT_MS, value).unref());

function opened(host: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(undefined));
    setTimeout(() => resolve(undefined), WAIT_MS).unref();
  });
}

/** Posts the event inside TLS on a socket; the answer's status, 0 where none comes. */
function posted(socket: Socket | undefined, request: PlayedRequest): Promise<number> {
  if (socket === undefined) return Promise.resolve(0);
  return new Promise((resolve) => {
    const secure = connectTls({ socket, servername: request.host, ca });
    const fields = Object.entries({ ...request.headers, "Content-Length": String(request.body.length), Connection: "close" });
    secure.once("secureConnect", () => {
      secure.write(`${request.method} ${request.path} HTTP/1.1\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
      secure.write(request.body);
    });
    secure.once("data", (piece: Buffer) => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(piece.toString("latin1"))?.[1] ?? 0)));
    secure.once("error", () => resolve(0));
    secure.once("close", () => resolve(0));
  });
}

async function explicit(request: PlayedRequest): Promise<number> {
  const socket = await opened(proxy, 3128);
  if (socket === undefined) return 0;
  const reply = await new Promise<string>((resolve) => {
    socket.once("data", (piece: Buffer) => resolve(piece.toString("latin1")));
    socket.once("error", () => resolve(""));
    socket.write(`CONNECT ${request.host}:443 HTTP/1.1\r\nHost: ${request.host}:443\r\n\r\n`);
  });
  return reply.startsWith("HTTP/1.1 200") ? posted(socket, request) : Number(reply.split(" ", 2)[1] ?? 0);
}

function datagram(port: number): Promise<boolean> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => {
    socket.once("message", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.send(Buffer.from("1234010000010000000000000000020001", "hex"), port, outside);
    setTimeout(() => resolve(false), WAIT_MS).unref();
  });
}

async function resolved(name: string): Promise<string> {
  try {
    return (await new Resolver({ timeout: 1_500, tries: 1 }).resolve4(name))[0] ?? "nothing";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "fault";
  }
}

const reached = async (host: string, port: number): Promise<boolean> => (await opened(host, port)) !== undefined;
const trials = {
  explicit: Promise.race([explicit(event), late(0)]),
  transparent: Promise.race([opened(transparent, 443).then((socket) => posted(socket, event)), late(0)]),
  direct: Promise.race([opened(outside, 443).then((socket) => posted(socket, event)), late(0)]),
  directTcp443: reached(outside, 443),
  directTcp80: reached(outside, 80),
  udp443: datagram(443),
  udp53: datagram(53),
  vendorName: resolved(event.host),
  attackerName: resolved("x.attacker.example"),
  neighbour: reached(neighbour, 8080),
};
const results = Object.fromEntries(await Promise.all(Object.entries(trials).map(async ([name, trial]) => [name, await trial] as const)));
process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0));
