import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type SecureContext } from "node:tls";
import type { ParentProxy } from "../model/policy.js";
import { authority, type Target } from "../model/target.js";
import type { OwnConnections } from "../model/own-connections.js";
import { cameBack, UpstreamError } from "./upstream-error.js";

/** What is needed to speak to parents, whichever it is. */
export interface ParentAccess {
  /** By which parents over TLS are verified. */
  readonly secureContext: SecureContext;
  /** The value of Proxy-Authorization; undefined where the parent is asked without. Goes into the CONNECT and nowhere else. */
  readonly authorization: (parent: ParentProxy) => string | undefined;
}

export interface ParentRoute extends ParentAccess {
  readonly parent: ParentProxy;
}

/** Bytes of a parent's answer to CONNECT; a page of explanation behind it is not read. */
const MAX_HEAD = 16_384;

/**
 * Opens a tunnel to the target through a parent proxy, by CONNECT (RFC 9110, section 9.3.6), for plain destinations too: what a parent
 * may read or change is then for TLS to say, and no request of ours is ever in absolute form. The operator named the parent, so the
 * address guard does not judge where it is.
 *
 * @param withinMs for connection, handshake and answer together
 * @throws UpstreamError of kind `parent` where the parent can't be reached, is not who it should be, or refuses; `timeout` where it is late
 */
export async function openParentTunnel(route: ParentRoute, target: Target, withinMs: number, own: OwnConnections): Promise<Socket> {
  const { parent } = route;
  const { host, port } = parent;
  const socket =
    parent.scheme === "http"
      ? connectTcp({ host, port, noDelay: true })
      : connectTls({
          host,
          port,
          secureContext: route.secureContext,
          rejectUnauthorized: true,
          ALPNProtocols: ["http/1.1"],
          ...(isIP(host) === 0 ? { servername: host } : {}),
        });
  let timer: NodeJS.Timeout | undefined;
  let forget = (): void => undefined;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  const onError = (error: NodeJS.ErrnoException): void => fail(fault(`could not be used (${error.code ?? error.name})`));
  const onClose = (): void => fail(fault("closed the connection before the tunnel was open"));
  try {
    timer = setTimeout(() => fail(new UpstreamError("timeout", "The parent proxy did not open the tunnel in time.")), withinMs);
    socket.once("error", onError);
    socket.once("close", onClose);
    await Promise.race([failed, new Promise((resolve) => socket.once(parent.scheme === "http" ? "connect" : "secureConnect", resolve))]);
    forget = own.opened(socket, target.host, () => fail(cameBack()));
    socket.write(connectRequest(target, route.authorization(parent)));
    judgeAnswer(await Promise.race([failed, answerHead(socket)]));
    return socket;
  } catch (error) {
    socket.on("error", () => undefined);
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    forget();
    socket.removeListener("close", onClose);
    socket.removeListener("error", onError);
  }
}

function fault(what: string): UpstreamError {
  return new UpstreamError("parent", `The parent proxy ${what}.`);
}

function connectRequest(target: Target, authorization: string | undefined): string {
  const place = authority(target);
  const field = authorization === undefined ? "" : `Proxy-Authorization: ${authorization}\r\n`;
  return `CONNECT ${place} HTTP/1.1\r\nHost: ${place}\r\n${field}\r\n`;
}

/** The head of the answer; the bytes behind it stay in the socket, which is left paused. */
async function answerHead(socket: Socket): Promise<string> {
  let seen = Buffer.alloc(0);
  for (;;) {
    const piece: unknown = socket.read();
    if (!Buffer.isBuffer(piece)) {
      await new Promise<void>((resolve) => {
        socket.once("readable", resolve);
      });
      continue;
    }
    seen = Buffer.concat([seen, piece]);
    const end = seen.indexOf("\r\n\r\n");
    if (end >= 0) {
      if (seen.length > end + 4) socket.unshift(seen.subarray(end + 4));
      return seen.toString("latin1", 0, end);
    }
    if (seen.length > MAX_HEAD) throw fault("answered CONNECT with more than a head");
  }
}

/** @throws UpstreamError where it opens no tunnel. The parent's own words are not told: they may name hosts and people. */
function judgeAnswer(head: string): void {
  const [, status = ""] = /^HTTP\/1\.[01] (\d{3})(?: |\r\n|$)/.exec(head) ?? [];
  if (status === "") throw fault("did not answer CONNECT as HTTP");
  if (status === "407") throw fault("asks for credentials, or for others (407)");
  if (!status.startsWith("2")) throw fault(`refused the tunnel (${status})`);
}
