import type { DetectorKind } from "../specimen.js";
import { ANNOTATIONS } from "./annotations.js";
import { BLOBS } from "./blobs.js";
import { CONTACT } from "./contact.js";
import { IDENTITY } from "./identity.js";
import { MONEY } from "./money.js";
import { PROSE } from "./prose.js";
import { SECRETS } from "./secrets.js";

/** Every detector that the issue names, with what it must find. */
export const DETECTORS: readonly DetectorKind[] = [...CONTACT, ...IDENTITY, ...MONEY, ...PROSE, ...SECRETS, ...BLOBS, ...ANNOTATIONS];
