import { existsSync } from "node:fs";
import { join } from "node:path";
import { type PostgresServer, startPostgres } from "../../test/support/postgres.js";

/**
 * The PostgreSQL of a run, whose data outlives the process.
 *
 * @param home a folder under /tmp, where its user may enter; see `startPostgres`
 * @param begun whether figures stand on what it holds
 * @throws where it is gone: a new one would make every earlier record a lost one
 */
export async function startCluster(home: string, begun: boolean): Promise<PostgresServer> {
  const there = existsSync(join(home, "data", "PG_VERSION"));
  if (begun && !there) throw new Error(`The database of this run was in ${home} and is gone; --fresh begins anew.`);
  return startPostgres(home, !there);
}
