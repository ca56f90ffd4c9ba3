import { createServer as createPlain, type Server, type Socket } from "node:net";
import { constants } from "node:crypto";
import { createSecureContext, createServer as createTls, type SecureContext } from "node:tls";
import type { Authority } from "../../src/tls/authority.js";

/** A message as it reached the stand-in, with what is ambiguous about it. */
export interface Arrived {
  readonly serverName: string | undefined;
  readonly requestLine: string;
  /** Lines of the header section, without the request line. */
  readonly fields: readonly string[];
  readonly body: Buffer;
}

/**
 * Stands where every upstream is. It keeps the raw bytes of each connection, whatever they are, and reads them by a reader of its own that
 * knows Content-Length and nothing else: what it can't read is written down as a problem.
 */
export interface Vendor {
  readonly tlsPort: number;
  readonly plainPort: number;
  /** As `tlsPort`, where each handshake waits for a while. */
  readonly slowPort: number;
  readonly arrived: Arrived[];
  /** Every byte of every connection. */
  readonly raw: Buffer[];
  readonly problems: string[];
  /** Connections so far. */
  readonly connections: () => number;
  /** Where TLS is answered otherwise: by a reset, by a sentence. */
  readonly resettingPort: number;
  readonly wordyPort: number;
  /** Ends every other connection, the first one too, behind its handshake. */
  readonly fickleTlsPort: number;
  close(): Promise<void>;
}

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 18\r\n\r\n{"success": true}\n';

/** What a destination serves to browsers, and what stands for it after a change. */
export const SCRIPT = 'var shop = "https://static.vendor.example/a.js";\n';

/** How long a connection to `slowPort` waits for its handshake; one to `slow.*` is not kept: it serves one exchange, and ends where none comes. */
const HANDSHAKE_WAITS_MS = 80;
const LONG = "0123456789abcdef".repeat(8_192);
/** Pieces of an answer that takes longer than any silence: 50 ms each, and more on a machine whose clients are given more. */
const DRIPS = Math.ceil((Number(process.env["BYPASS_PACE"] ?? "1.5") * 1_000 + 1_600) / 50);

/**
 * Answers by the last segment of the path, for cases in which the vendor is the attacker. The pieces of a list go out one by one.
 */
const HOSTILE_ANSWERS: Readonly<Record<string, string | readonly string[]>> = {
  "alt-svc": 'HTTP/1.1 200 OK\r\nAlt-Svc: h3=":443"\r\nContent-Length: 2\r\n\r\nok',
  "hop-by-hop": "HTTP/1.1 200 OK\r\nConnection: X-Inner\r\nX-Inner: 1\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 2\r\n\r\nok",
  switching: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
  hints: "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  short: "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nok",
  "two-lengths": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok",
  both: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
  "chunks-cut": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n",
  "bare-lf-chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n2\nok\r\n0\r\n\r\n",
  folded: "HTTP/1.1 200 OK\r\nX-A: a\r\n Set-Cookie: b\r\nContent-Length: 2\r\n\r\nok",
  "bare-lf": "HTTP/1.1 200 OK\r\nX-A: a\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok",
  "bare-cr": "HTTP/1.1 200 OK\r\nX-A: a\rSet-Cookie: b\r\nContent-Length: 2\r\n\r\nok",
  nul: "HTTP/1.1 200 OK\r\nX-A: a\0b\r\nContent-Length: 2\r\n\r\nok",
  escape: "HTTP/1.1 200 OK\r\nX-A: \u001b[2J\r\nContent-Length: 2\r\n\r\nok",
  "space-colon": "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok",
  "two-answers": "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled",
  continues: `${"HTTP/1.1 100 Continue\r\n\r\n".repeat(50)}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`,
  processing: `${"HTTP/1.1 102 Processing\r\n\r\n".repeat(500)}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`,
  "hidden-length": "HTTP/1.1 200 OK\r\nConnection: content-length, content-type\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok",
  "long-field": `HTTP/1.1 200 OK\r\nX-A: ${"a".repeat(70_000)}\r\nContent-Length: 2\r\n\r\nok`,
  "not-modified": 'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 50\r\n\r\n',
  "no-content": "HTTP/1.1 204 No Content\r\nContent-Length: 8\r\n\r\nsmuggled",
  "odd-status": "HTTP/1.1 666 Odd\r\nContent-Length: 2\r\n\r\nok",
  twice: 'HTTP/1.1 200 OK\r\nETag: "a"\r\nETag: "b"\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nconstructor: x\r\nContent-Length: 2\r\n\r\nok',
  garbage: "\u0016\u0003\u0001 this is no answer\r\n\r\n",
  nothing: "",
  trailers: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n",
  long: `HTTP/1.1 200 OK\r\nContent-Length: ${LONG.length + 8}\r\n\r\n${LONG}the end.`,
  "long-chunks": `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${LONG.length.toString(16)}\r\n${LONG}\r\n8\r\nthe end.\r\n0\r\n\r\n`,
  "single-octets": [..."HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nthe \r\n4\r\nend.\r\n0\r\n\r\n"],
  drips: ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ...Array<string>(DRIPS).fill("1\r\n.\r\n"), "8\r\nthe end.\r\n0\r\n\r\n"],
  script: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${SCRIPT.length.toString(16)}\r\n${SCRIPT}\r\n0\r\n\r\n`,
  loader: `HTTP/1.1 200 OK\r\nContent-Type: application/javascript; charset=UTF-8\r\nContent-Length: ${SCRIPT.length}\r\n\r\n${SCRIPT}`,
  "script-cut": `HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n${SCRIPT}`,
  "pinned-script": `HTTP/1.1 200 OK\r\nContent-Length: ${SCRIPT.length}\r\n\r\n${SCRIPT}`,
  "pinned-script-cut": `HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n${SCRIPT}`,
  "other-script": `HTTP/1.1 200 OK\r\nContent-Length: ${SCRIPT.length}\r\n\r\n${SCRIPT.replace("static", "stolen")}`,
  "many-hosts": "",
  closing: "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
  late: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  later: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
  trickle: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
  big: `HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n${"a".repeat(200_000)}`,
  "long-head": `HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nX-A: ${"a".repeat(12_000)}\r\nContent-Length: 0\r\n\r\n`,
  redirect: "HTTP/1.1 302 Found\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n",
};
/** What `/answer/KIND` may ask for. */
export const ANSWER_KINDS: readonly string[] = [...Object.keys(HOSTILE_ANSWERS).filter((kind) => !kind.includes("script") && kind !== "many-hosts" && kind !== "loader"), "silence"];
/** After these the stand-in hangs up. */
const HANGS_UP = new Set(["short", "chunks-cut", "garbage", "nothing", "switching", "script-cut", "pinned-script-cut", "closing"]);
/** Milliseconds that an answer takes: longer than a proxy in a hurry waits for the whole of one, and so much as tells one exchange from the next. */
const TRICKLE_MS = 1_400;
const LATE_MS: Readonly<Record<string, number>> = { late: 80, later: 300 };

let scripts = 0;

/** A script that names a hundred and fifty hosts, none of which any other named. */
function scriptOfManyHosts(): string {
  scripts += 1;
  const script = `var to = [${Array.from({ length: 150 }, (_, index) => `"https://h${index}-${scripts}.vendor.example/"`).join()}];\n`;
  return `HTTP/1.1 200 OK\r\nContent-Length: ${script.length}\r\n\r\n${script}`;
}

export async function startVendor(authority: Authority, defaultHost: string): Promise<Vendor> {
  const vendor = { arrived: [] as Arrived[], raw: [] as Buffer[], problems: [] as string[] };
  const contexts = new Map<string, SecureContext>();
  const contextOf = async (host: string): Promise<SecureContext> => {
    const known = contexts.get(host);
    if (known !== undefined) return known;
    const leaf = await authority.mint(host, Date.now());
    const context = createSecureContext({ key: leaf.privateKeyPem, cert: leaf.certificatePem });
    contexts.set(host, context);
    return context;
  };
  const own = await authority.mint(defaultHost, Date.now());
  const sockets = new Set<Socket>();
  const secure = createTls(
    {
      key: own.privateKeyPem,
      cert: own.certificatePem,
      // `wrong.*` proves another name than it is asked for; `untrusted.*` is left to cases with a CA of their own.
      SNICallback: (name, done) => {
        contextOf(name.startsWith("wrong.") ? "elsewhere.example" : name).then((context) => done(null, context), done);
      },
    },
    (socket) => serve(socket, typeof socket.servername === "string" ? socket.servername : undefined, vendor),
  );
  const plain = createPlain((socket) => serve(socket, undefined, vendor));
  const slow = createPlain((socket) => {
    setTimeout(() => secure.emit("connection", socket), HANDSHAKE_WAITS_MS);
  });
  const resetting = createPlain((socket) => socket.once("data", () => socket.resetAndDestroy()));
  const wordy = createPlain((socket) => socket.once("data", () => socket.end("This is no TLS.\r\n")));
  let handshakes = 0;
  // Up to 1.2 it is the server who ends a full handshake, so that the end goes out with it.
  const fickle = createTls({ key: own.privateKeyPem, cert: own.certificatePem, maxVersion: "TLSv1.2", secureOptions: constants.SSL_OP_NO_TICKET, SNICallback: (name, done) => void contextOf(name).then((context) => done(null, context), done) }, (socket) => {
    handshakes += 1;
    if (handshakes % 2 === 1) socket.end();
    else serve(socket, undefined, vendor);
  });
  let connections = 0;
  for (const server of [secure, plain, slow, resetting, wordy, fickle])
    server.on("connection", (socket: Socket) => {
      connections += 1;
      track(socket, sockets);
    });
  return {
    ...vendor,
    tlsPort: await listening(secure),
    plainPort: await listening(plain),
    slowPort: await listening(slow),
    resettingPort: await listening(resetting),
    wordyPort: await listening(wordy),
    fickleTlsPort: await listening(fickle),
    connections: () => connections,
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all([secure, plain, slow, resetting, wordy, fickle].map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    },
  };
}

function track(socket: Socket, sockets: Set<Socket>): void {
  sockets.add(socket);
  socket.on("error", () => undefined);
  socket.once("close", () => sockets.delete(socket));
}

function serve(socket: Socket, serverName: string | undefined, vendor: Pick<Vendor, "arrived" | "raw" | "problems">): void {
  let pending = Buffer.alloc(0);
  const unused = serverName?.startsWith("slow.") === true ? setTimeout(() => socket.destroy(), 80) : undefined;
  socket.on("error", () => undefined);
  socket.on("data", (piece: Buffer) => {
    clearTimeout(unused);
    vendor.raw.push(piece);
    pending = Buffer.concat([pending, piece]);
    for (let message = read(pending, serverName, vendor.problems); message !== undefined; message = read(pending, serverName, vendor.problems)) {
      pending = pending.subarray(message.used);
      vendor.arrived.push(message.arrived);
      const path = message.arrived.requestLine.split(" ")[1] ?? "";
      const kind = path.startsWith("/answer/") ? path.slice(8) : path.startsWith("/gtm.js?") ? "loader" : "";
      if (kind in LATE_MS) setTimeout(() => answer(socket, HOSTILE_ANSWERS[kind] ?? "", 1), LATE_MS[kind]);
      else if (kind === "many-hosts") socket.write(scriptOfManyHosts(), "latin1");
      else if (kind !== "silence") answer(socket, HOSTILE_ANSWERS[kind] ?? ANSWER, kind === "drips" ? 50 : 1);
      if (kind === "trickle") trickle(socket, Date.now() + TRICKLE_MS);
      if (HANGS_UP.has(kind) || unused !== undefined) socket.end();
    }
  });
}

/** A chunk now and then, and an end in order. */
function trickle(socket: Socket, until: number): void {
  const over = Date.now() >= until;
  socket.write(over ? "0\r\n\r\n" : "1\r\na\r\n");
  if (!over && !socket.destroyed) setTimeout(() => trickle(socket, until), 100);
}

function answer(socket: Socket, written: string | readonly string[], afterMs: number): void {
  if (typeof written === "string") {
    socket.write(written, "latin1");
    return;
  }
  const [piece = "", ...rest] = written;
  socket.write(piece, "latin1");
  if (rest.length > 0) setTimeout(() => socket.destroyed || answer(socket, rest, afterMs), afterMs);
}

function read(bytes: Buffer, serverName: string | undefined, problems: string[]): { readonly arrived: Arrived; readonly used: number } | undefined {
  const end = bytes.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const head = bytes.subarray(0, end).toString("latin1");
  const [requestLine = "", ...fields] = head.split("\r\n");
  if (!/^[A-Z]+ \/[!-~]* HTTP\/1\.1$/.test(requestLine)) problems.push(`request line: ${requestLine}`);
  for (const field of fields) if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+: ?[\t -~]*$/.test(field)) problems.push(`field: ${field}`);
  const named = (name: string): string[] => fields.filter((field) => field.toLowerCase().startsWith(`${name}:`)).map((field) => field.slice(name.length + 1).trim());
  if (named("host").length !== 1) problems.push("not one Host");
  if (named("transfer-encoding").length > 0) problems.push("a Transfer-Encoding");
  const lengths = named("content-length");
  if (lengths.length > 1) problems.push("two Content-Lengths");
  const length = Number(lengths[0] ?? "0");
  if (!Number.isInteger(length)) problems.push("a Content-Length that is no number");
  const used = end + 4 + length;
  if (bytes.length < used) return undefined;
  return { arrived: { serverName, requestLine, fields, body: Buffer.from(bytes.subarray(end + 4, used)) }, used };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", () => server.listen({ host: "0.0.0.0", port: 0 }, resolve).once("error", reject));
    // Every address of this machine, so that an address that the guard lets through by mistake is one that answers.
    server.listen({ host: "::", port: 0 }, resolve);
  });
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
