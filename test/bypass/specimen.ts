import { twoWayDeflate, type Values } from "./bytes.js";
import { http2Frame } from "../support/http2-frame.js";

/** What no case may bring to the vendor; an e-mail address of nobody. */
export const MARKER = "dana.marker@acme-hospital.org";

const today = new Date().toISOString().slice(0, 10);
const now = new Date().toISOString().replace("Z", "000+00:00");

/** What the event hub's client sends of a user's event, as in docs/traffic.md. */
export const USER_EVENT: Readonly<Record<string, unknown>> = {
  id: 48_213,
  kind: "task_completed",
  description: null,
  error_log: null,
  object_type: null,
  page_name: null,
  project_id: 12,
  file_id: 5_120,
  task_id: 991,
  job_id: 4,
  member_id: 31,
  report_data: null,
  time_created: today,
  install_fingerprint: "fp_7d41c0a2",
  diffgram_version: "1.17.5",
  host_os: "Linux",
  storage_backend: "aws",
  service_name: "default_service",
  extra_metadata: null,
  event_type: "user",
};

export const SYSTEM_EVENT: Readonly<Record<string, unknown>> = {
  id: null,
  kind: "system_startup",
  description: "Diffgram System startup for default_service service",
  install_fingerprint: "fp_7d41c0a2",
  previous_version: null,
  diffgram_version: "1.17.5",
  host_os: "Linux",
  storage_backend: "aws",
  service_name: "default_service",
  startup_time: today,
  shut_down_time: null,
  created_date: today,
  event_type: "system",
};

const TRACK = {
  integrations: {},
  anonymousId: null,
  properties: { project_id: 12, description: null },
  timestamp: now,
  context: { library: { name: "analytics-python", version: "1.2.9" } },
  userId: "31",
  type: "track",
  event: "task_completed",
  messageId: "c613f093-0a6d-4dd2-b081-0c7246b9b5c9",
};

/** As TRACK, with members laid over it. */
const track = (id: string, members: Readonly<Record<string, unknown>>): string => JSON.stringify({ ...TRACK, messageId: id, ...members });
const WITH_EMAIL = { properties: { ...TRACK.properties, email: MARKER } };

const OWN_EVENT = { event: "system_startup", userId: "fp_7d41c0a2", properties: { host_os: "posix linux 5.15.0-91-generic", install_fingerprint: "fp_7d41c0a2" } };

const INSTANCE = { id: 9_001, type: "box", x_min: 120, y_min: 44, x_max: 310, y_max: 220, label_file_id: 77, label_file: { label: { name: "pedestrian" } } };

const text = (value: unknown): string => JSON.stringify(value);

/** HTTP/2 frames (RFC 9113, section 4.1) without end: `count` of one type, on streams 1, 3, 5 … where each is to open its own. */
function frames(count: number, frame: (stream: string) => string): Buffer {
  return Buffer.from(Array.from({ length: count }, (_, index) => frame((index * 2 + 1).toString(16).padStart(8, "0"))).join(""), "hex");
}


/** Literal fields without indexing (RFC 7541, section 6.2.2), each shorter than 127 octets. */
function fieldBlock(fields: Readonly<Record<string, string>>): Buffer {
  const pieces = Object.entries(fields).map(([name, value]) => Buffer.from(`\0${String.fromCharCode(name.length)}${name}${String.fromCharCode(value.length)}${value}`, "latin1"));
  return Buffer.concat(pieces);
}

const EVENT_HEAD = fieldBlock({ ":method": "POST", ":scheme": "https", ":authority": "app.diffgram.com", ":path": "/api/walrus/eventhub/new", "content-type": "application/json" });
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** A session of one stream, begun with these settings. */
function session(settings: Buffer, data: Buffer, dataFlags: number): Buffer {
  return Buffer.concat([PREFACE, http2Frame(4, 0, 0, settings), http2Frame(1, 4, 1, EVENT_HEAD), http2Frame(0, dataFlags, 1, data)]);
}

/** So many requests whose bodies are begun and reset with this code. */
function begunAndReset(count: number, code: number): Buffer {
  const why = Buffer.from([0, 0, 0, code]);
  return Buffer.concat(Array.from({ length: count }, (_, index) => Buffer.concat([http2Frame(1, 4, index * 2 + 1, EVENT_HEAD), http2Frame(3, 0, index * 2 + 1, why)])));
}

/** So many requests that are begun, each with a frame for which a server resets it. */
function provoked(count: number, frame: (stream: number) => Buffer): Buffer {
  const streams = Array.from({ length: count }, (_, index) => Buffer.concat([http2Frame(1, 4, index * 2 + 1, EVENT_HEAD), frame(index * 2 + 1)]));
  return Buffer.concat([PREFACE, http2Frame(4, 0, 0, Buffer.alloc(0)), ...streams]);
}

/** Of TLS 1.2 (RFC 5246, section 7.4.1.2), with no more than a server needs to answer it: two suites, two curves, three kinds of signature. */
function clientHello(): Buffer {
  const counted = (bytes: Buffer, width: number): Buffer => {
    const length = Buffer.alloc(width);
    length.writeUIntBE(bytes.length, 0, width);
    return Buffer.concat([length, bytes]);
  };
  const extensions = Buffer.from("000a00060004001d0017000b00020100000d00080006040308040401", "hex");
  const hello = Buffer.concat([Buffer.from("0303", "hex"), Buffer.alloc(32, 0x5a), Buffer.from("000004c02bc02f0100", "hex"), counted(extensions, 2)]);
  return Buffer.concat([Buffer.from("160301", "hex"), counted(Buffer.concat([Buffer.from([1]), counted(hello, 3)]), 2)]);
}

/** What `{{name}}` stands for in every case. */
export const SPECIMENS: Values = {
  "client-hello": clientHello(),
  marker: MARKER,
  today,
  now,
  clean: text(USER_EVENT),
  dirty: text({ ...USER_EVENT, description: MARKER }),
  "clean-system": text(SYSTEM_EVENT),
  "clean-batch": text({ batch: [TRACK], sentAt: now }),
  "dirty-batch": text({ batch: [{ ...TRACK, properties: { ...TRACK.properties, email: MARKER } }], sentAt: now }),
  "track-1": track("c613f093-0a6d-4dd2-b081-0c7246b9b5d1", {}),
  "track-2": track("c613f093-0a6d-4dd2-b081-0c7246b9b5d2", {}),
  "track-email": track("c613f093-0a6d-4dd2-b081-0c7246b9b5d3", WITH_EMAIL),
  "track-redacted": track("c613f093-0a6d-4dd2-b081-0c7246b9b5d3", { properties: { ...TRACK.properties, email: "[redacted]" } }),
  "track-two-emails": track("c613f093-0a6d-4dd2-b081-0c7246b9b5d3", { properties: { ...TRACK.properties, email: `${MARKER}, x${MARKER}` } }),
  // Where no mark may stand in the value's place.
  "track-user": track("c613f093-0a6d-4dd2-b081-0c7246b9b5d4", { userId: MARKER }),
  "track-key": track("c613f093-0a6d-4dd2-b081-0c7246b9b5d5", { properties: { ...TRACK.properties, [MARKER]: 1 } }),
  // The installation's own event, of which it is the user itself; and the same with a person's name there.
  "track-system": track("c613f093-0a6d-4dd2-b081-0c7246b9b5d6", OWN_EVENT),
  "track-named": track("c613f093-0a6d-4dd2-b081-0c7246b9b5d7", { ...OWN_EVENT, userId: "dana_1984" }),
  "track-person": track("c613f093-0a6d-4dd2-b081-0c7246b9b5d8", { userId: "dana_1984" }),
  "track-name": track("c613f093-0a6d-4dd2-b081-0c7246b9b5d9", { userId: "dana_whitfield" }),
  "film-words": "The ftyp of cars",
  "one-item": "[1]",
  "two-way-deflate": twoWayDeflate(),
  "hundred-fields": "X-A: 1\r\n".repeat(100),
  continuations: frames(20_000, () => "00000109000000000182"),
  // A head (:method GET, :scheme https, :path /, by index) and its reset, again and again.
  resets: frames(2_000, (stream) => `0000030105${stream}828784000004030${"0"}${stream}00000008`),
  // The same, with NO_ERROR where others say CANCEL.
  "polite-resets": frames(2_000, (stream) => `0000030105${stream}828784000004030${"0"}${stream}00000000`),
  // SETTINGS_INITIAL_WINDOW_SIZE 0: the answer's body has nowhere to go.
  "h2-zero-window": session(Buffer.from("000400000000", "hex"), Buffer.from(text({ ...USER_EVENT, description: MARKER })), 1),
  // Refused for its body; the padding must not be seen anywhere.
  "h2-padded": session(Buffer.from("000400000000", "hex"), Buffer.concat([Buffer.from([MARKER.length]), Buffer.from("{}"), Buffer.from(MARKER)]), 9),
  // Past our own bound, short of nghttp2's.
  "some-resets": begunAndReset(150, 8),
  "some-polite-resets": begunAndReset(150, 0),
  "some-pings": frames(150, () => "0000080600000000000000000000000000"),
  "some-settings": frames(150, () => "000000040000000000"),
  // Our own side is to reset each stream (CVE-2025-8671): a window that grows by nothing, or past 2^31 - 1, a head twice, a stream that depends on itself.
  "zero-windows": provoked(500, (stream) => http2Frame(8, 0, stream, Buffer.alloc(4))),
  "window-overflows": provoked(500, (stream) => http2Frame(8, 0, stream, Buffer.from("7fffffff", "hex"))),
  "double-heads": provoked(500, (stream) => http2Frame(1, 4, stream, EVENT_HEAD)),
  "self-dependencies": provoked(500, (stream) => http2Frame(2, 0, stream, Buffer.from([0, 0, stream >> 8, stream & 255, 0]))),
  "late-data": Buffer.concat([PREFACE, http2Frame(4, 0, 0, Buffer.alloc(0)), http2Frame(1, 5, 1, EVENT_HEAD), http2Frame(0, 0, 1, Buffer.from(MARKER))]),
  "empty-data": Buffer.concat([PREFACE, http2Frame(4, 0, 0, Buffer.alloc(0)), http2Frame(1, 4, 1, EVENT_HEAD), ...Array.from({ length: 5_000 }, () => http2Frame(0, 0, 1, Buffer.alloc(0)))]),
  "client-push": Buffer.concat([PREFACE, http2Frame(4, 0, 0, Buffer.alloc(0)), http2Frame(5, 4, 1, Buffer.concat([Buffer.from([0, 0, 0, 2]), EVENT_HEAD]))]),
  "even-stream": Buffer.concat([PREFACE, http2Frame(4, 0, 0, Buffer.alloc(0)), http2Frame(1, 5, 2, EVENT_HEAD)]),
  "priorities": Buffer.concat([PREFACE, http2Frame(4, 0, 0, Buffer.alloc(0)), ...Array.from({ length: 20_000 }, () => http2Frame(2, 0, 1, Buffer.alloc(5)))]),
  "unknown-frames": Buffer.concat([PREFACE, http2Frame(4, 0, 0, Buffer.alloc(0)), ...Array.from({ length: 20_000 }, () => http2Frame(0xab, 0, 0, Buffer.alloc(0)))]),
  "small-windows": Buffer.concat([PREFACE, http2Frame(4, 0, 0, Buffer.alloc(0)), ...Array.from({ length: 20_000 }, () => http2Frame(8, 0, 0, Buffer.from([0, 0, 0, 1])))]),
  // A table that indexes one long field, named two thousand times in two bytes each (HPACK bomb).
  "hpack-bomb": Buffer.concat([PREFACE, http2Frame(4, 0, 0, Buffer.alloc(0)), http2Frame(1, 4, 1, Buffer.concat([EVENT_HEAD, fieldBlock({ "x-a": "b".repeat(100) }), Buffer.from([0x40, 1, 97, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4_000, 98), Buffer.alloc(8_000, 0xbe)]))]),
  // A Content-Length over the policy's limit, and no byte of the body.
  "h2-announced": Buffer.concat([PREFACE, http2Frame(4, 0, 0, Buffer.alloc(0)), http2Frame(1, 4, 1, Buffer.concat([EVENT_HEAD, fieldBlock({ "content-length": "1048577" })]))]),
  pings: frames(5_000, () => "0000080600000000000000000000000000"),
  settings: frames(5_000, () => "000000040000000000"),
  // Each bracket may begin a tree, and reads the comment to the line's end.
  "open-comments": `${"{# ".repeat(160)}\n`.repeat(8),
  instance: text(INSTANCE),
  instances: text([INSTANCE, { ...INSTANCE, id: 9_002, x_min: 121 }, { ...INSTANCE, id: 9_003, x_min: 122 }]),
  png: Buffer.from("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082", "hex"),
};
