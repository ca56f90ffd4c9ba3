import type { Clock, Logger } from "../model/ports.js";

export interface RecordStoreOptions {
  /** Holds the SQLite file, the spool, the keys and the lock. Created where it is missing. */
  readonly dataDir: string;
  /** Which of several writers on this data folder this is; each has its own lock, spool and chain. Absent: the first, or the only one. */
  readonly worker?: number | undefined;
  /** `postgres://…`; without it the store is `records.db` in the data folder. */
  readonly url?: string | undefined;
  /** This writer's name in the chain; by default one that is made up at first use and kept in the data folder. */
  readonly replica?: string | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Milliseconds that a write waits for the store before it goes to the spool. Default 1,000. */
  readonly deadlineMs?: number | undefined;
  /** Milliseconds between checkpoints in quiet times. Default 60,000. */
  readonly checkpointMs?: number | undefined;
  /** Names of what incidents and checkpoints are told to; see `Courier`. */
  readonly sinks?: readonly string[] | undefined;
  /** Distinct refused bodies of one client an hour that get a record of their own. Default 2,000. */
  readonly distinctPerClient?: number | undefined;
  /** Told of every change in the number of spooled transfers. */
  readonly onSpooled?: (count: number) => void;
  /** Told once of each incident that is new, or comes back after it was closed. */
  readonly onIncident?: (id: string, change: "new" | "reopened") => void;
}
