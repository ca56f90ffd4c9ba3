import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What Python's ssl and sockets, which know of no proxy, are to say to a host. */
export interface PlainWords {
  readonly scheme: "https" | "http";
  /** Where the client believes the host to be. */
  readonly address: string;
  /** SNI; none where it is empty. */
  readonly name: string;
  readonly host: string;
  readonly path: string;
  readonly body: Buffer;
}

/** What the client says it got. */
export interface Told {
  readonly status?: number;
  readonly code?: string;
  readonly detail?: string;
  readonly error?: string;
}

/**
 * @param before words of a command that the client runs under, as a namespace or another user
 * @param folder for its files; whoever it runs as has to be able to read there
 * @throws where it can't run
 */
export async function askByPython(before: readonly string[], folder: string, ca: string, words: PlainWords): Promise<Told> {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const body = join(folder, "body");
  writeFileSync(body, words.body);
  const client = join(folder, "client.py");
  writeFileSync(client, CLIENT);
  const command = [
    ...before,
    "/usr/bin/python3",
    client,
    words.scheme,
    words.address,
    words.name,
    words.host,
    words.path,
    body,
    ca,
  ] as const;
  const { stdout } = await run(command[0] ?? "", command.slice(1));
  const told: unknown = JSON.parse(stdout);
  if (typeof told !== "object" || told === null) throw new Error(stdout);
  return told;
}

const CLIENT = `
import json, socket, ssl, sys
scheme, address, name, host, path, body, ca = sys.argv[1:]
data = open(body, "rb").read()
try:
    raw = socket.create_connection((address, 443 if scheme == "https" else 80), timeout=20)
    if scheme == "https":
        context = ssl.create_default_context(cafile=ca)
        if name == "":
            context.check_hostname = False
        raw = context.wrap_socket(raw, server_hostname=name or None)
    head = f"POST {path} HTTP/1.1\\r\\nHost: {host}\\r\\nContent-Type: application/json\\r\\nContent-Length: {len(data)}\\r\\nConnection: close\\r\\n\\r\\n"
    raw.sendall(head.encode() + data)
    seen = b""
    while True:
        piece = raw.recv(65536)
        if not piece:
            break
        seen += piece
    text = seen.decode()
    answer = text.split("\\r\\n\\r\\n", 1)[1] if "\\r\\n\\r\\n" in text else ""
    start = answer.find("{")
    told = json.loads(answer[start:answer.rfind("}") + 1]) if start >= 0 else {}
    print(json.dumps({"status": int(text.split(" ")[1]), "code": told.get("code"), "detail": told.get("detail")}))
except (ssl.SSLError, OSError) as error:
    print(json.dumps({"error": str(error)}))
`;
