import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { PodDirectory } from "../../src/kubernetes/pod-directory.js";
import type { Logger } from "../../src/model/ports.js";
import { inTime } from "../support/load.js";
import { EVENT_HUB, played } from "../support/installation.js";
import { stageFor } from "../support/running-proxy.js";
import { type ApiServerStandIn, podObject, startApiServer } from "./api-server.js";

let api: ApiServerStandIn;
let warned: string[] = [];
const logger: Logger = { error: () => undefined, warn: (line) => void warned.push(line), info: () => undefined, debug: () => undefined };

beforeEach(async () => {
  warned = [];
  api = await startApiServer();
});
afterEach(() => api.close());

function follow(most?: number): PodDirectory {
  const bound = most === undefined ? {} : { most };
  return new PodDirectory({ server: api, namespaces: ["diffgram"], logger, firstRetryMs: 20, staleMs: 100, ...bound });
}

const watching = (): boolean => api.asked.some((url) => url.searchParams.has("watch"));

test("pods are known by address from the list, and from the watch as they come, change and go", async () => {
  api.pods = [{ name: "walrus-1", ip: "10.1.0.1" }];
  const directory = follow();
  await inTime("the watch", watching);
  assert.deepEqual(directory.workloadAt("10.1.0.1"), { namespace: "diffgram", pod: "walrus-1", serviceAccount: "walrus" });
  assert.equal(directory.workloadAt("10.1.0.2"), undefined);
  api.tell("ADDED", podObject({ name: "default-1", ip: "", phase: "Pending" }));
  api.tell("MODIFIED", podObject({ name: "default-1", ip: "10.1.0.2", serviceAccount: "web" }));
  await inTime("the new pod", () => directory.workloadAt("10.1.0.2")?.serviceAccount === "web");
  // The address goes to another pod before the first one's end is told.
  api.tell("ADDED", podObject({ name: "walrus-2", ip: "10.1.0.1" }));
  api.tell("DELETED", podObject({ name: "walrus-1", ip: "10.1.0.1" }));
  api.tell("MODIFIED", podObject({ name: "default-1", ip: "10.1.0.2", phase: "Succeeded" }));
  await inTime("the end of a pod", () => directory.workloadAt("10.1.0.2") === undefined);
  assert.equal(directory.workloadAt("10.1.0.1")?.pod, "walrus-2");
  await directory.close();
});

test("an address that two pods are said to have names neither, whatever is told of the older one, until one of them is gone", async () => {
  api.pods = [{ name: "walrus-1", ip: "10.1.0.1" }];
  const directory = follow();
  await inTime("the watch", () => watching() && directory.workloadAt("10.1.0.1")?.pod === "walrus-1");
  api.tell("ADDED", podObject({ name: "web-1", ip: "10.1.0.1" }));
  await inTime("the second claim", () => directory.workloadAt("10.1.0.1") === undefined);
  // Of a pod that is ending there is a change or two more.
  api.tell("MODIFIED", podObject({ name: "walrus-1", ip: "10.1.0.1" }));
  api.tell("ADDED", podObject({ name: "mark", ip: "10.1.0.9" }));
  await inTime("what was told", () => directory.workloadAt("10.1.0.9")?.pod === "mark");
  assert.equal(directory.workloadAt("10.1.0.1"), undefined);
  api.tell("DELETED", podObject({ name: "walrus-1", ip: "10.1.0.1" }));
  await inTime("the older one's end", () => directory.workloadAt("10.1.0.1")?.pod === "web-1");
  await directory.close();
});

test("a watch goes on from the last bookmark, and after 410 Gone everything is listed anew", async () => {
  const directory = follow();
  await inTime("the watch", watching);
  api.tell("BOOKMARK", { kind: "Pod", metadata: { resourceVersion: "4711" } });
  await new Promise((resolve) => setTimeout(resolve, 50));
  api.endWatches();
  await inTime("the next watch", () => api.asked.at(-1)?.searchParams.get("resourceVersion") === "4711");
  api.pods = [{ name: "walrus-9", ip: "10.1.0.9" }];
  api.tell("ERROR", { kind: "Status", code: 410 });
  await inTime("the new list", () => directory.workloadAt("10.1.0.9")?.pod === "walrus-9");
  assert.deepEqual(warned, []);
  await directory.close();
});

test("pods on the node's network have no name, nor have those past the bound", async () => {
  api.pods = [
    { name: "agent", ip: "192.0.2.1", hostNetwork: true },
    { name: "one", ip: "10.1.0.1" },
    { name: "two", ip: "10.1.0.2" },
  ];
  const directory = follow(1);
  await inTime("the watch", watching);
  assert.deepEqual(
    ["192.0.2.1", "10.1.0.1", "10.1.0.2"].map((address) => directory.workloadAt(address)?.pod),
    [undefined, "one", undefined],
  );
  await directory.close();
});

test("while the API server refuses, names are forgotten rather than guessed, and come back with it", async () => {
  api.pods = [{ name: "walrus-1", ip: "10.1.0.1" }];
  const directory = follow();
  await inTime("the watch", watching);
  api.status = 403;
  api.endWatches();
  await inTime("a stale name being forgotten", () => directory.workloadAt("10.1.0.1") === undefined);
  assert.match(warned[0] ?? "", /their addresses alone/);
  api.status = 200;
  await inTime("the name again", () => directory.workloadAt("10.1.0.1")?.pod === "walrus-1");
  await directory.close();
});

test("a record names namespace, pod and service account of its client; without the API server its address", async (context) => {
  api.pods = [{ name: "walrus-1", ip: "127.0.0.1" }];
  const kubernetes = { namespaces: ["diffgram"], api: `https://127.0.0.1:${api.port}`, credentials: api.credentials };
  const stage = await stageFor(context, { settings: { kubernetes, inspection_threads: 0, records: {} } });
  await inTime("the watch", watching);
  await stage.post(played("udt-identify"));
  assert.deepEqual(
    (await stage.records()).map(({ client }) => client),
    ["127.0.0.1, pod diffgram/walrus-1 of service account walrus"],
  );
  api.tell("DELETED", podObject({ name: "walrus-1", ip: "127.0.0.1" }));
  api.status = 500;
  api.endWatches();
  const foreign = { ...played("udt-identify"), host: EVENT_HUB };
  await inTime("the address alone", async () => {
    await stage.post(foreign);
    return (await stage.records()).some(({ client }) => client === "127.0.0.1");
  });
});
