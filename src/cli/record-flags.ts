import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import { FaultsError } from "../model/fault.js";
import type { RecordArchive } from "../record/record-archive.js";
import { openRecordArchive } from "../record/record-archive.js";

export interface StoreFlags {
  readonly data: string;
  readonly store?: string;
}

/** Adds the options that name a record. */
export function stored(command: Command): Command {
  return command
    .addOption(new Option("--data <dir>", "the proxy's data folder").env("EGRESS_PROXY_DATA").default("./data"))
    .addOption(new Option("--store <url>", "postgres://… where the records are in a PostgreSQL").env("EGRESS_PROXY_STORE_URL"));
}

/** Opens the record that the flags name, beside a proxy that runs; faults of use go to standard error, exit 2. */
export function reading(flags: StoreFlags, work: (archive: RecordArchive) => Promise<void>): Promise<void> {
  return telling(async () => {
    const archive = await openRecordArchive(flags.data, flags.store);
    try {
      if (archive.warning !== undefined) process.stderr.write(`${archive.warning}\n`);
      await work(archive);
    } finally {
      await archive.close();
    }
  });
}

/** Says every fault of use on standard error, exit 2. */
export async function telling(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

/** Waits where the reader of a pipe is slow. */
export async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, "drain");
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

export function age(text: string): number {
  const match = /^(\d{1,6})([mhdw])$/.exec(text);
  const unit = UNITS[match?.[2] ?? ""];
  if (match?.[1] === undefined || unit === undefined) throw new InvalidArgumentError("Write a number and m, h, d or w, such as 90d.");
  return Number(match[1]) * unit;
}

export function moment(text: string): number {
  if (/^\d{1,6}[mhdw]$/.test(text)) return Date.now() - age(text);
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new InvalidArgumentError("Write an age such as 30d, or a date such as 2026-11-24T08:00:00Z.");
  return time;
}

export function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError("Write a whole number from 1.");
  return value;
}

/** @throws FaultsError where it can't be read */
export function textFile(file: string, where: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new FaultsError("A file can't be read.", [
      {
        where,
        what: error instanceof Error ? error.message : String(error),
        mend: "Name a file that this user may read.",
      },
    ]);
  }
}
