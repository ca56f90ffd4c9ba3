import { outgoingSuite } from "./outgoing-suite.js";
import { floodSuite } from "./flood-suite.js";
import { reportSuite } from "./report-suite.js";
import { roomSuite } from "./room-suite.js";

roomSuite(async () => undefined);
reportSuite(async () => undefined);
floodSuite(async () => undefined);
outgoingSuite(async () => undefined);
