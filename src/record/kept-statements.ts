import type Sqlite from "better-sqlite3";
import { LRUCache } from "lru-cache";

/** Statements kept of one connection, some kilobytes each. */
const MOST = 64;
/** Characters of the longest that is kept: 32 records in one statement are 8,000. */
const LONGEST = 10_000;

/** What Kysely asks of a SQLite database. */
interface Prepares {
  prepare(sql: string): Statement;
  close(): void;
}

type Statement = Pick<Sqlite.Statement<unknown[]>, "reader" | "all" | "run" | "iterate">;

/**
 * A connection that keeps the statements it has prepared: Kysely prepares each anew, which took 27 of the 410 us of CPU that a record cost.
 * It helps only where texts recur, so whoever writes many rows at once does it in few sizes (`rowsOfStatement`).
 */
export function keepStatements(connection: Sqlite.Database): Prepares {
  const kept = new LRUCache<string, Statement>({ max: MOST });
  return {
    prepare(sql) {
      const known = kept.get(sql);
      if (known !== undefined) return known;
      const fresh = connection.prepare<unknown[]>(sql);
      const statement: Statement = {
        reader: fresh.reader,
        all: (...parameters) => fresh.all(...parameters),
        run: (...parameters) => fresh.run(...parameters),
        // One that is being walked through can't be run again meanwhile.
        iterate: (...parameters) => connection.prepare<unknown[]>(sql).iterate(...parameters),
      };
      if (sql.length <= LONGEST) kept.set(sql, statement);
      return statement;
    },
    close: () => connection.close(),
  };
}

/** Rows that go into the next statement of several: a power of two, so that six texts serve every number of rows. */
export function rowsOfStatement(left: number): number {
  return left >= 32 ? 32 : 2 ** (31 - Math.clz32(left));
}

/** The same values, the last one repeated up to a power of two, for an `in` whose text is to recur. */
export function evened<Value>(values: readonly Value[]): Value[] {
  const last = values.at(-1);
  const missing = last === undefined ? 0 : 2 ** Math.ceil(Math.log2(values.length)) - values.length;
  return last === undefined ? [] : [...values, ...Array.from({ length: missing }, () => last)];
}
