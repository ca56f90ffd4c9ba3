import { FaultsError } from "../model/fault.js";

/** Runs a command's work; the faults of what people gave it are told on standard error, and the exit code is 2, bad use. Others are thrown on. */
export function told(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof FaultsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}

/** A line on standard output. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
