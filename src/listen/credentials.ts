import { createHmac, randomBytes, scrypt, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { LRUCache } from "lru-cache";
import { type Fault, FaultsError } from "../model/fault.js";
import { header } from "../model/exchange.js";
import { type Refusal, refusal } from "../model/refusal.js";
import type { Authenticate } from "./authentication.js";
import { type Credential, readCredentialLine, scryptCost } from "./credential-line.js";
import { type TurnOver, Turns } from "./turns.js";

/**
 * Derivations at once: each costs tens of milliseconds and 16 MiB on purpose, and one of the four threads that look names up and read files
 * too. Guessers wait in turn with everybody else, and behind themselves.
 */
const AT_ONCE = 2;
const WAITING_OF_CLIENT = 8;
const CLIENTS_WAITING = 256;
const REMEMBERED = 1_000;

/**
 * Basic authentication (RFC 7617) against a file of lines `NAME:scrypt:N:r:p:SALT:HASH` (base64). What was proved once is remembered under a
 * key of this process, so that a client pays for the derivation once and not with every request.
 *
 * @throws FaultsError where the file can't be read, or naming every line that is none
 */
export function basicAuthentication(file: string): Authenticate {
  const credentials = readCredentials(file);
  const key = randomBytes(32);
  const proved = new LRUCache<string, string>({ max: REMEMBERED });
  const checked = new Map<string, Promise<boolean>>();
  const turns = new Turns(AT_ONCE, WAITING_OF_CLIENT, CLIENTS_WAITING);
  const check = async (pair: Pair, turn: Promise<TurnOver>): Promise<boolean> => {
    const over = await turn;
    try {
      const credential = credentials.get(pair.name);
      // A name that nobody has takes as long as one that somebody has.
      const right = await matches(pair.password, credential ?? NOBODY);
      return right && credential !== undefined;
    } finally {
      over();
    }
  };
  return async (headers, client) => {
    const given = header(headers, "proxy-authorization");
    const pair = given === undefined ? undefined : pairOf(given);
    if (pair === undefined) return required("The request has no Basic credentials for the proxy.");
    const memory = createHmac("sha256", key).update(`${pair.name}\0${pair.password}`).digest("hex");
    const known = proved.get(memory);
    if (known !== undefined) return { ...client, identity: known };
    // A client opens its first connections together: what they show is checked once.
    let checking = checked.get(memory);
    if (checking === undefined) {
      const turn = turns.take(client.address);
      if (turn === undefined) return refusal("quota-exceeded", "Too many credentials are being checked; try again later.");
      checking = check(pair, turn).finally(() => checked.delete(memory));
      checked.set(memory, checking);
    }
    if (!(await checking)) return required("The credentials for the proxy are wrong.");
    proved.set(memory, pair.name);
    return { ...client, identity: pair.name };
  };
}

const NOBODY: Credential = { name: "", cost: scryptCost(16_384, 8, 1), salt: randomBytes(16), hash: randomBytes(32) };

function required(detail: string): Refusal {
  return refusal("proxy-authentication-required", detail);
}

interface Pair {
  readonly name: string;
  readonly password: string;
}

function pairOf(field: string): Pair | undefined {
  const encoded = /^basic +([A-Za-z0-9+/]{1,1024}={0,2})$/i.exec(field)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  return colon < 1 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

async function matches(password: string, { cost, salt, hash }: Credential): Promise<boolean> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hash.length, cost, (error, derived) => {
      if (error === null) resolve(timingSafeEqual(derived, hash));
      else reject(error);
    });
  });
}

function readCredentials(file: string): ReadonlyMap<string, Credential> {
  const faults: Fault[] = [];
  const credentials = new Map<string, Credential>();
  let text = "";
  try {
    text = readFileSync(file, "utf8");
  } catch {
    faults.push({
      where: "proxy_tls.credentials",
      what: "The file of credentials can't be read.",
      mend: "Name a file that the proxy's user may read.",
    });
  }
  text.split(/\r?\n/).forEach((line, index) => {
    if (line === "" || line.startsWith("#")) return;
    const where = `${file}:${index + 1}`;
    const credential = readCredentialLine(line);
    if (credential === undefined) {
      faults.push({ where, what: "The line is no credential.", mend: "Make one by `egress-proxy credentials add FILE NAME`." });
    } else if (credentials.has(credential.name)) {
      faults.push({ where, what: "The name stands twice.", mend: "Remove one of the two." });
    } else {
      credentials.set(credential.name, credential);
    }
  });
  if (faults.length > 0) throw new FaultsError("The credentials of the proxy's clients can't be used:", faults);
  return credentials;
}
