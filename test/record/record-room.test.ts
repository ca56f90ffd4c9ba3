import { roomSuite } from "./room-suite.js";

roomSuite(async () => undefined);
