/** What the first bytes of a connection are. Only `client-hello` says what the client wants; the other three say why not. */
export type Peek =
  | { readonly kind: "incomplete" }
  | { readonly kind: "not-tls" }
  | { readonly kind: "malformed"; readonly why: string }
  | {
      readonly kind: "client-hello";
      /** As the client wrote it, printable ASCII; not yet canonical. */
      readonly serverName?: string;
      readonly alpn: readonly string[];
      /** Encrypted Client Hello is offered: the visible name may be a front (we answer for the visible one, and the hidden one stays unread). */
      readonly ech: boolean;
    };

/** Bytes of records that may come before the ClientHello is whole. Post-quantum key shares make 2 kB; 32 kB leaves room, and ends a flood. */
export const PEEK_LIMIT = 32_768;

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const RECORD_LIMIT = 16_384;
const SERVER_NAME = 0;
const ALPN = 16;
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;

class Malformed extends Error {}

/**
 * Reads a TLS ClientHello (RFC 8446, section 4.1.2) from the bytes received so far, over however many records. Pure; for hostile bytes:
 * refuses whatever another reader could take otherwise (duplicate extensions, two names, bytes left over).
 */
export function peekClientHello(bytes: Uint8Array): Peek {
  // Record type, and the version's major byte, which all of TLS 1.0 to 1.3 share (RFC 8446, section 5.1).
  if ((bytes.length > 0 && bytes[0] !== HANDSHAKE) || (bytes.length > 1 && bytes[1] !== 3)) return { kind: "not-tls" };
  if (bytes.length > 2 && (bytes[2] ?? 0) > 4) return { kind: "not-tls" };
  try {
    const message = handshakeMessage(bytes);
    if (message !== undefined) return readHello(message);
    return bytes.length > PEEK_LIMIT ? malformed("the ClientHello is over the limit") : { kind: "incomplete" };
  } catch (error) {
    if (error instanceof Malformed) return malformed(error.message);
    throw error;
  }
}

function malformed(why: string): Peek {
  return { kind: "malformed", why };
}

/** Joins the fragments of the first handshake message; undefined while bytes are missing. */
function handshakeMessage(bytes: Uint8Array): Uint8Array | undefined {
  const fragments: Uint8Array[] = [];
  let joined = 0;
  let needed: number | undefined;
  for (let offset = 0; offset + 5 <= bytes.length; ) {
    if (bytes[offset] !== HANDSHAKE || bytes[offset + 1] !== 3) throw new Malformed("another record stands inside the ClientHello");
    const length = ((bytes[offset + 3] ?? 0) << 8) | (bytes[offset + 4] ?? 0);
    // Zero-length fragments of handshake messages are forbidden (RFC 8446, section 5.1).
    if (length === 0 || length > RECORD_LIMIT) throw new Malformed("a record's length is out of bounds");
    const fragment = bytes.subarray(offset + 5, offset + 5 + length);
    fragments.push(fragment);
    joined += fragment.length;
    offset += 5 + length;
    if (needed === undefined && joined > 0) needed = neededLength(fragments, joined);
    if (needed !== undefined && joined >= needed) {
      // A ClientHello ends its record: nothing may follow before the server has spoken.
      if (joined > needed || offset > bytes.length) throw new Malformed("bytes follow the ClientHello in its record");
      return Buffer.concat(fragments, joined);
    }
  }
  return undefined;
}

/** Length of the whole message with its header; undefined while the header is not there yet. */
function neededLength(fragments: readonly Uint8Array[], joined: number): number | undefined {
  const head = Buffer.concat(fragments, Math.min(joined, 4));
  if (head[0] !== CLIENT_HELLO) throw new Malformed("the first handshake message is not a ClientHello");
  if (head.length < 4) return undefined;
  const length = head.readUIntBE(1, 3);
  if (length > PEEK_LIMIT) throw new Malformed("the ClientHello is over the limit");
  return length + 4;
}

/** A cursor over bytes that refuses to read past their end. */
class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get empty(): boolean {
    return this.#offset === this.#bytes.length;
  }

  number(size: 1 | 2): number {
    const [high = 0, low = 0] = this.take(size);
    return size === 1 ? high : (high << 8) | low;
  }

  take(length: number): Uint8Array {
    const end = this.#offset + length;
    if (end > this.#bytes.length) throw new Malformed("a length points past the end");
    const taken = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return taken;
  }

  /** A vector with its length before it. */
  vector(size: 1 | 2): Uint8Array {
    return this.take(this.number(size));
  }

  end(what: string): void {
    if (!this.empty) throw new Malformed(`bytes are left over after ${what}`);
  }
}

function readHello(message: Uint8Array): Peek {
  const hello = new Reader(message.subarray(4));
  hello.take(2 + 32);
  if (hello.vector(1).length > 32) throw new Malformed("the session id is too long");
  const suites = hello.vector(2).length;
  if (suites === 0 || suites % 2 !== 0) throw new Malformed("the list of cipher suites is malformed");
  if (hello.vector(1).length === 0) throw new Malformed("the list of compression methods is empty");
  // TLS 1.2 allows a hello without extensions (RFC 5246, section 7.4.1.2).
  if (hello.empty) return { kind: "client-hello", alpn: [], ech: false };
  const extensions = new Reader(hello.vector(2));
  hello.end("the extensions");
  const seen = new Set<number>();
  let serverName: string | undefined;
  let alpn: readonly string[] = [];
  while (!extensions.empty) {
    const type = extensions.number(2);
    const body = extensions.vector(2);
    if (seen.has(type)) throw new Malformed("an extension is there twice");
    seen.add(type);
    if (type === SERVER_NAME) serverName = readServerName(body);
    else if (type === ALPN) alpn = readProtocols(body);
  }
  const ech = seen.has(ENCRYPTED_CLIENT_HELLO);
  return serverName === undefined ? { kind: "client-hello", alpn, ech } : { kind: "client-hello", serverName, alpn, ech };
}

/** RFC 6066, section 3: a list of names of which one, the host name, is defined. */
function readServerName(body: Uint8Array): string {
  const outer = new Reader(body);
  const list = new Reader(outer.vector(2));
  outer.end("the server name");
  const type = list.number(1);
  const name = list.vector(2);
  if (type !== 0) throw new Malformed("the server name is of an unknown kind");
  list.end("the first server name");
  if (name.length === 0 || name.length > 255) throw new Malformed("the server name is empty or too long");
  // A NUL ends the name for a reader in C and not for others.
  if (!name.every((byte) => byte > 0x20 && byte < 0x7f)) throw new Malformed("the server name holds bytes that no host name has");
  return Buffer.from(name).toString("latin1");
}

/** RFC 7301, section 3.1. */
function readProtocols(body: Uint8Array): string[] {
  const outer = new Reader(body);
  const list = new Reader(outer.vector(2));
  outer.end("the protocols");
  const protocols: string[] = [];
  while (!list.empty) {
    const name = list.vector(1);
    if (name.length === 0) throw new Malformed("a protocol's name is empty");
    protocols.push(Buffer.from(name).toString("latin1"));
  }
  if (protocols.length === 0) throw new Malformed("the list of protocols is empty");
  return protocols;
}
