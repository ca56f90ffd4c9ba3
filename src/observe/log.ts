import winston from "winston";
import type { LogFields, Logger } from "../model/ports.js";

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogSettings {
  /** `silent` writes nothing. */
  readonly level: LogLevel | "silent";
  /** `json`: one object a line. `text`: for a person at a terminal. */
  readonly format: "json" | "text";
  /** Where lines go; standard error where absent, since a command's own output belongs to standard output. */
  readonly stream?: NodeJS.WritableStream;
}

/** Characters of one value; a longer one is cut and says so. A log line is no place for a body. */
const VALUE_LENGTH = 2_048;

/**
 * C0, DEL, C1 and the separators that terminals, viewers or JavaScript take for line ends, and the marks that turn the direction of text:
 * a client's bytes in a log line must not forge a second line, move a cursor, or show as something else (CWE-117).
 */
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/**
 * A logger that never throws: a line that can't be written is lost, the exchange goes on. What must not be lost goes to the record.
 */
export function createLogger(settings: LogSettings): Logger {
  if (settings.level === "silent") return SILENT;
  const stream = settings.stream ?? process.stderr;
  // A closed pipe or a full disk behind standard error must not end the proxy.
  stream.on("error", () => undefined);
  const sink = winston.createLogger({
    level: settings.level,
    levels: Object.fromEntries(LOG_LEVELS.map((level, index) => [level, index])),
    // One line, already made: winston's own formats would serialise what was not neutralised.
    format: winston.format.printf((info) => String(info.message)),
    transports: [new winston.transports.Stream({ stream })],
    exitOnError: false,
  });
  sink.on("error", () => undefined);
  const enabled = LOG_LEVELS.indexOf(settings.level);
  const line = settings.format === "json" ? jsonLine : textLine;
  const write = (level: LogLevel) => {
    // Decided once: at a level that is off, a call costs nothing but itself.
    if (LOG_LEVELS.indexOf(level) > enabled) return () => undefined;
    return (message: string, fields?: LogFields) => {
      try {
        sink.log(level, line(level, message, fields));
      } catch {
        // Nowhere is left to say it.
      }
    };
  };
  return { error: write("error"), warn: write("warn"), info: write("info"), debug: write("debug") };
}

const SILENT: Logger = { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined };

/** Control characters as `\u{…}` escapes, so that they show and do nothing; long text cut. */
export function neutralise(text: string): string {
  const cut = text.length > VALUE_LENGTH ? `${text.slice(0, VALUE_LENGTH)}… (${text.length - VALUE_LENGTH} more characters)` : text;
  return cut.replace(UNSAFE, (character) => `\\u{${character.charCodeAt(0).toString(16)}}`);
}

function jsonLine(level: LogLevel, message: string, fields: LogFields | undefined): string {
  const entry: Record<string, string | number | boolean> = { time: new Date().toISOString(), level, message: neutralise(message) };
  for (const [name, value] of Object.entries(fields ?? {})) {
    // The three of every line can't be replaced by a field.
    if (value !== undefined && !Object.hasOwn(entry, name)) entry[name] = typeof value === "string" ? neutralise(value) : value;
  }
  return JSON.stringify(entry);
}

function textLine(level: LogLevel, message: string, fields: LogFields | undefined): string {
  const parts = [new Date().toISOString(), level.toUpperCase().padEnd(5), neutralise(message)];
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (value !== undefined) parts.push(`${name}=${typeof value === "string" ? quoted(neutralise(value)) : value}`);
  }
  return parts.join(" ");
}

/** Quoted where a space or an equals sign would let a value look like a further field. */
function quoted(value: string): string {
  return /^[\w./:{}@-]+$/.test(value) ? value : JSON.stringify(value);
}
