import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { INSTALL_INFO, json, SERVER_NAME, type SupportStage, supportStage } from "../gateway/support-stage.js";
import { runCli } from "../support/proxy-process.js";
import { certificate, folder } from "../tls/certificates.js";

/* Support as its staff has it: Debian's curl with a client certificate, and the operator's command that opens the door. */

const CURL = "/usr/bin/curl";
const SKIP = existsSync(CURL) ? false : "Debian's curl is not installed.";
const INFO = "/api/v1/admin/install/info";

interface Curled {
  readonly exit: number;
  readonly status: number;
  readonly body: string;
}

type Curl = (path: string, ...more: readonly string[]) => Promise<Curled>;

/** curl, with a certificate of the CA that the operator named, in files as people have them. */
async function curlOf(context: TestContext, { stage, ca }: SupportStage): Promise<Curl> {
  const dir = folder(context);
  const visitor = await certificate({ name: "dana whitfield vendor support", issuer: ca, ca: false, usage: "digital-signature" });
  writeFileSync(join(dir, "client.pem"), visitor.pem);
  writeFileSync(join(dir, "client.key"), visitor.keyPem);
  writeFileSync(join(dir, "proxy-ca.crt"), stage.proxy.caPem);
  const port = stage.proxy.addresses.support?.port ?? 0;
  return (path, ...more) =>
    new Promise((resolve) => {
      const given = more.includes("--no-certificate") ? [] : ["--cert", join(dir, "client.pem"), "--key", join(dir, "client.key")];
      const args = [
        ...["--silent", "--max-time", "20", "--write-out", "\n%{http_code}", "--cacert", join(dir, "proxy-ca.crt")],
        ...["--noproxy", "*", "--resolve", `${SERVER_NAME}:${port}:127.0.0.1`, ...given],
        ...more.filter((flag) => flag !== "--no-certificate"),
        `https://${SERVER_NAME}:${port}${path}`,
      ];
      execFile(CURL, args, (error, stdout) => {
        const cut = stdout.lastIndexOf("\n");
        const exit = error === null ? 0 : Number(error.code ?? -1);
        resolve({ exit, status: Number(stdout.slice(cut + 1)), body: stdout.slice(0, cut) });
      });
    });
}

test("an operator opens a window, support reads the configuration and the queue, and each access is on record", {
  skip: SKIP,
}, async (context) => {
  const queue = { queue_status: { Counts: { "Waiting for processing": 12 } } };
  const support = await supportStage(context, (asked, response) => json(response, asked.path === INFO ? INSTALL_INFO : queue), {
    open: false,
  });
  const curl = await curlOf(context, support);
  const data = ["--data", support.stage.installation.data];
  assert.deepEqual([(await curl(INFO)).status, support.asked.length], [403, 0], "closed until somebody opens it");
  const opened = await runCli("support", "open", "--for", "30m", "--reason", "ticket 4711", "--by", "Ines Moreau", ...data);
  assert.equal(opened.code, 0, opened.stderr);
  const info = await curl(INFO);
  assert.equal(info.status, 200, info.body);
  assert.equal(JSON.parse(info.body).install_info.email.EMAIL_REPLY_TO, "[redacted]");
  assert.deepEqual(JSON.parse((await curl("/api/v1/admin/queue/status")).body), queue);
  assert.equal((await runCli("support", "close", ...data)).code, 0);
  assert.equal((await curl(INFO)).status, 403);
  const listed = await runCli("records", "list", ...data);
  assert.match(listed.stdout, /support-closed/);
  const records = await support.stage.records();
  const [, , answered] = records;
  assert.equal(records.length, 4);
  assert.ok(records.every(({ unexpected, client }) => !unexpected && client.startsWith("CN=dana whitfield vendor support")));
  const shown = await runCli("records", "show", answered?.id ?? "", ...data);
  assert.match(shown.stdout, /dana whitfield vendor support/);
  assert.match(shown.stdout, /install_info/);
  assert.doesNotMatch(shown.stdout, /harbour-clinic/);
});

test("without a certificate curl gets no handshake", { skip: SKIP }, async (context) => {
  const support = await supportStage(context, (_, response) => json(response, INSTALL_INFO));
  const curl = await curlOf(context, support);
  const answer = await curl(INFO, "--no-certificate");
  assert.notEqual(answer.exit, 0);
  assert.equal(answer.status, 0);
  assert.equal(support.asked.length, 0);
});

test("an unknown route, and an answer with an address in it, are refused with records that say so", { skip: SKIP }, async (context) => {
  const leaking = { install_info: { general: { LAST_EDITED_BY: "ines.moreau@harbour-clinic.example" } } };
  const support = await supportStage(context, (_, response) => json(response, leaking));
  const curl = await curlOf(context, support);
  const data = ["--data", support.stage.installation.data];
  const unknown = JSON.parse((await curl("/api/v1/admin/users")).body);
  assert.equal(unknown.code, "path-not-allowed");
  assert.equal(support.asked.length, 0, "Diffgram never hears of it");
  const leak = JSON.parse((await curl(INFO)).body);
  assert.equal(leak.code, "unexpected-data-transfer");
  const shownUnknown = await runCli("records", "show", unknown.record, ...data);
  assert.match(shownUnknown.stdout, /The policy does not name this path/);
  const shownLeak = await runCli("records", "show", leak.record, ...data);
  assert.match(shownLeak.stdout, /pii\/email/);
  assert.match(shownLeak.stdout, /\/install_info\/general/);
  assert.doesNotMatch(shownLeak.stdout, /harbour-clinic/);
});
