import type { Client, HeaderField } from "../model/exchange.js";
import type { Refusal } from "../model/refusal.js";

/** Names who asks by the fields of a request's head, or refuses. Handed to the listeners that ask. */
export type Authenticate = (headers: readonly HeaderField[], client: Client) => Promise<Client | Refusal>;
