import { join } from "node:path";
import { FaultsError } from "../model/fault.js";
import type { Location } from "./database.js";

/** Where the records of these settings are. Throws FaultsError for a URL that is no PostgreSQL's. */
export function locate(dataDir: string, url: string | undefined): Location {
  if (url === undefined || url === "") return { kind: "sqlite", file: join(dataDir, "records.db") };
  if (/^postgres(ql)?:\/\//.test(url)) return { kind: "postgres", url };
  throw new FaultsError("The record store can't be opened.", [
    {
      where: "store.url",
      what: "It is no PostgreSQL URL.",
      mend: "Write postgres://USER:PASSWORD@HOST:PORT/DATABASE, or leave it out for SQLite.",
    },
  ]);
}
