import Sqlite from "better-sqlite3";
import { Kysely, PostgresDialect, SqliteDialect, sql } from "kysely";
import type { Pool } from "pg";
import { keepStatements, rowsOfStatement } from "./kept-statements.js";
import type { Tables } from "./schema.js";

/** Where records are kept: a PostgreSQL by URL, or a SQLite file. */
export type Location = { readonly kind: "postgres"; readonly url: string } | { readonly kind: "sqlite"; readonly file: string };

export interface Database {
  readonly db: Kysely<Tables>;
  /** Runs `work` in one transaction that no other writer of any process overlaps. */
  exclusively<Result>(work: (db: Kysely<Tables>) => Promise<Result>): Promise<Result>;
  /** How many of the rows that are left to write the next statement takes. */
  rowsOfStatement(left: number): number;
  close(): Promise<void>;
}

/** Any number that is the same in every version: it names our lock among those of other applications in the same PostgreSQL. */
const ADVISORY_LOCK = 7_203_128;

const BIGINT_OID = 20;

/**
 * Opens a connection. For a writer every commit is synced before it returns (WAL, synchronous FULL; PostgreSQL's `synchronous_commit`).
 * @param timeoutMs how long to wait for a lock, a connection or an answer.
 */
export function openDatabase(location: Location, use: { readonly write: boolean; readonly timeoutMs: number }): Database {
  return location.kind === "sqlite" ? openSqlite(location.file, use) : openPostgres(location.url, use);
}

function openSqlite(file: string, use: { readonly write: boolean; readonly timeoutMs: number }): Database {
  const connection = new Sqlite(file, { timeout: use.timeoutMs, readonly: !use.write, fileMustExist: !use.write });
  try {
    if (use.write) {
      connection.pragma("journal_mode = WAL");
      connection.pragma("synchronous = FULL");
      // What a statement of several rows needs to be undone half-way otherwise goes through a file: 50 of the 400 us of CPU a record.
      connection.pragma("temp_store = MEMORY");
      // 16 MiB of log rather than 4 before it goes into the file: pages of the indexes are then written once for many batches (-25 us).
      connection.pragma("wal_autocheckpoint = 4000");
    }
  } catch (error) {
    connection.close();
    throw error;
  }
  const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database: use.write ? keepStatements(connection) : connection }) });
  return {
    db,
    // Kysely begins deferred: a writer that reads first could then find its snapshot stale, where IMMEDIATE waits its turn.
    exclusively: (work) => bracket(db, sql`begin immediate`, work),
    rowsOfStatement,
    close: async () => {
      await db.destroy();
      connection.close();
    },
  };
}

function openPostgres(url: string, use: { readonly write: boolean; readonly timeoutMs: number }): Database {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: () => openPool(url, use) }) });
  return {
    db,
    exclusively: (work) =>
      bracket(db, sql`begin`, async (transaction) => {
        await sql`set local synchronous_commit = on`.execute(transaction);
        await sql`select pg_advisory_xact_lock(${sql.lit(ADVISORY_LOCK)})`.execute(transaction);
        return work(transaction);
      }),
    // Each statement is a trip to the server; of the variables that one binds (65,535) a record has 30.
    rowsOfStatement: (left) => Math.min(left, 500),
    close: () => db.destroy(),
  };
}

/** The driver is read here: with SQLite, which most have, it would cost each thread its memory for nothing. */
async function openPool(url: string, use: { readonly write: boolean; readonly timeoutMs: number }): Promise<Pool> {
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({
    connectionString: url,
    max: use.write ? 1 : 4,
    connectionTimeoutMillis: use.timeoutMs,
    query_timeout: Math.max(use.timeoutMs, 10_000),
    application_name: "egress-proxy",
    types: {
      getTypeParser(oid: number, format?: "text" | "binary"): unknown {
        // Counts and times stay far below 2^53; the driver would hand them out as text.
        if (oid === BIGINT_OID) return Number;
        return format === "binary" ? pg.types.getTypeParser(oid, "binary") : pg.types.getTypeParser(oid, "text");
      },
    },
  });
  // An idle connection that the server drops raises `error` on the pool; the next query finds out by itself.
  pool.on("error", () => undefined);
  return pool;
}

function bracket<Result>(
  db: Kysely<Tables>,
  begin: ReturnType<typeof sql>,
  work: (db: Kysely<Tables>) => Promise<Result>,
): Promise<Result> {
  return db.connection().execute(async (connection) => {
    await begin.execute(connection);
    try {
      const result = await work(connection);
      await sql`commit`.execute(connection);
      return result;
    } catch (error) {
      // The first error is the cause; a rollback on a dead connection fails too.
      await sql`rollback`.execute(connection).catch(() => undefined);
      throw error;
    }
  });
}
