import ipaddr from "ipaddr.js";
import { z } from "zod";
import type { ParentProxy } from "../model/policy.js";
import { readParentProxy } from "./parent-spelling.js";
import { canonicalHost, isPort, readHostPort } from "./host-spelling.js";
import type { HostPort } from "./host-spelling.js";

/** Where a listener binds; `host` undefined means every interface. */
export interface ListenAddress {
  readonly host: string | undefined;
  readonly port: number;
}

/** Dial `to` wherever policy would dial `host:port`; the name in SNI, Host and certificate stays. */
export interface ConnectTo extends HostPort {
  readonly to: HostPort;
}

/** How a setting reads when it comes as text, from a variable. */
export type SettingForm = "text" | "number" | "boolean" | "list";

/** What is known of a setting beside its type; the page of settings is made from it. */
export interface SettingNotes {
  readonly [note: string]: unknown;
  readonly description: string;
  readonly form: SettingForm;
  readonly mend: string;
  readonly secret?: boolean;
}

/** Reads notes back from a schema; undefined for a section. */
export function notesOf(schema: z.ZodType): SettingNotes | undefined {
  const parsed = NOTES.safeParse(schema.meta());
  return parsed.success ? parsed.data : undefined;
}

const NOTES = z.object({
  description: z.string(),
  form: z.enum(["text", "number", "boolean", "list"]),
  mend: z.string(),
  secret: z.boolean().exactOptional(),
});

export function textSetting(description: string, fallback: string, mend = "Write text that is not empty.") {
  return z.string().min(1, "must be text that is not empty.").prefault(fallback).meta({ description, form: "text", mend });
}

export function choiceSetting<const T extends readonly [string, ...string[]]>(description: string, choices: T, fallback: T[number]) {
  const words = choices.join(", ");
  return z
    .enum(choices, { error: `must be one of ${words}.` })
    .prefault(fallback)
    .meta({ description, form: "text", mend: `Write one of ${words}.` });
}

export function numberSetting(description: string, fallback: number, least: number, most: number) {
  const error = `must be a whole number from ${least} to ${most}.`;
  return z
    .number({ error })
    .int({ error })
    .min(least, { error })
    .max(most, { error })
    .prefault(fallback)
    .meta({ description, form: "number", mend: "Write such a number, without quotes." });
}

export function booleanSetting(description: string, fallback: boolean) {
  return z
    .boolean({ error: "must be true or false." })
    .prefault(fallback)
    .meta({ description, form: "boolean", mend: "Write true or false." });
}

export function listSetting(description: string, mend = "Write a list of texts.") {
  const error = "must be a list of texts that are not empty.";
  return z.array(z.string({ error }).min(1, { error }), { error }).prefault([]).meta({ description, form: "list", mend });
}

export function listenSetting(description: string, fallback: string) {
  const error = "must be HOST:PORT, :PORT for every interface, or off.";
  return z
    .string({ error })
    .transform((written, context): ListenAddress | undefined => {
      if (written === "off") return undefined;
      const read = readListen(written);
      if (read === undefined) context.issues.push({ code: "custom", message: error, input: written });
      return read;
    })
    .prefault(fallback)
    .meta({ description, form: "text", mend: 'Write ":3128", "127.0.0.1:3128", "[::1]:3128" or "off".' });
}

export function connectToSetting(description: string) {
  const error = "must be HOST:PORT:ADDR:PORT, an IPv6 in brackets.";
  const entry = z.string({ error }).transform((written, context): ConnectTo => {
    const read = readConnectTo(written);
    if (read !== undefined) return read;
    context.issues.push({ code: "custom", message: error, input: written });
    return z.NEVER;
  });
  return z
    .array(entry, { error: "must be a list." })
    .prefault([])
    .meta({ description, form: "list", mend: 'Write "api.segment.io:443:10.0.0.7:8443".' });
}

/** A list of networks as CIDR, or single addresses. */
export function networksSetting(description: string) {
  const error = "must be a network such as 10.0.0.0/8, or an address.";
  const entry = z.string({ error }).refine((written) => ipaddr.isValidCIDR(written) || ipaddr.isValid(written), { error });
  return z
    .array(entry, { error: "must be a list." })
    .prefault([])
    .meta({ description, form: "list", mend: 'Write a list such as ["10.0.0.0/8", "2001:db8::7"].' });
}

/** A list of age public keys: X25519 (`age1…`) or hybrid (`age1pq1…`); an identity, which is a secret, is refused. */
export function recipientsSetting(description: string) {
  const error = "must be an age public key, which begins with age1.";
  return z
    .array(z.string({ error }).regex(/^age1(pq1)?[02-9ac-hj-np-z]{50,4000}$/, { error }), { error: "must be a list." })
    .prefault([])
    .meta({ description, form: "list", mend: 'Write what `age-keygen -y key.txt` prints, such as ["age1…"].' });
}

/** A list of tenant pins as `NAME=HMAC`, at most one a name. Spelled as they are printed, so they are kept as text. */
export function pinsSetting(description: string) {
  const error = "must be NAME=HMAC, a pin's name and 64 hex digits.";
  const twice = "names a pin twice.";
  return z
    .array(z.string({ error }).regex(/^[a-z][a-z0-9_-]{0,63}=[0-9a-f]{64}$/, { error }), { error: "must be a list." })
    .refine((pins) => new Set(pins.map((pin) => pin.split("=", 1)[0])).size === pins.length, { error: twice })
    .prefault([])
    .meta({
      description,
      form: "list",
      mend: "Write what `egress-proxy pins list --as-setting` prints on a proxy whose pins are confirmed.",
    });
}

/** A proxy as `http(s)://HOST:PORT`. The text is never told: it may hold a password, where one was written by mistake. */
export function parentSetting(description: string) {
  const error = "must be http://HOST:PORT, https://HOST:PORT or off.";
  return z
    .string({ error })
    .transform((written, context): ParentProxy | undefined => {
      if (written === "off") return undefined;
      const read = readParentProxy(written);
      if (read === undefined) context.issues.push({ code: "custom", message: error, input: "" });
      return read;
    })
    .prefault("off")
    .meta({
      description,
      form: "text",
      mend: 'Write "http://proxy.example.com:3128"; credentials belong in parent.credentials_file.',
    });
}

/** Text that is shown nowhere. */
export function secretSetting(description: string, mend: string) {
  return z.string().min(1, "must be text that is not empty.").prefault("off").meta({ description, form: "text", secret: true, mend });
}

/** `sqlite` (a file in the data folder) or a PostgreSQL URL, whose password is masked wherever settings are shown. */
export function storeSetting(description: string) {
  const error = "must be sqlite or a postgresql:// URL.";
  return z
    .string({ error })
    .refine((written) => written === "sqlite" || isPostgresUrl(written), { error })
    .prefault("sqlite")
    .meta({ description, form: "text", secret: true, mend: 'Write "sqlite" or "postgresql://user:password@host:5432/name".' });
}

function readListen(written: string): ListenAddress | undefined {
  const match = /^(.*):(\d{1,5})$/.exec(written);
  const port = Number(match?.[2]);
  // Port 0 lets the system choose one, for tests.
  if (match?.[1] === undefined || !(isPort(port) || port === 0)) return undefined;
  if (match[1] === "") return { host: undefined, port };
  if (match[1].includes(":") && !match[1].startsWith("[")) return undefined;
  const host = canonicalHost(match[1]);
  return host === undefined ? undefined : { host, port };
}

function readConnectTo(written: string): ConnectTo | undefined {
  const match = /^(\[[^\]]+\]:\d+|[^:[\]]+:\d+):(\[[^\]]+\]:\d+|[^:[\]]+:\d+)$/.exec(written);
  const from = match?.[1] === undefined ? undefined : readHostPort(match[1]);
  const to = match?.[2] === undefined ? undefined : readHostPort(match[2]);
  return from === undefined || to === undefined ? undefined : { ...from, to };
}

export function isPostgresUrl(written: string): boolean {
  try {
    const { protocol, hostname } = new URL(written);
    return (protocol === "postgres:" || protocol === "postgresql:") && hostname !== "";
  } catch {
    return false;
  }
}
