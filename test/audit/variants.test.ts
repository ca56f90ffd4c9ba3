import assert from "node:assert/strict";
import { test } from "node:test";
import { auditOf, copyCheckout, of, type Copy } from "./checkout-copy.js";

async function onCopy(change: (copy: Copy) => Promise<void>, check: (result: Awaited<ReturnType<typeof auditOf>>) => void): Promise<void> {
  const copy = await copyCheckout();
  try {
    await change(copy);
    check(await auditOf(copy.path));
  } finally {
    await copy.remove();
  }
}

test("renamed modules and aliased imports hide nothing", () =>
  onCopy(
    async (copy) => {
      await copy.move("shared/database/event/event.py", "shared/telemetry/happenings.py");
      await copy.edit("shared/telemetry/happenings.py", "import analytics\n", "import analytics as measure\n");
      await copy.edit("shared/telemetry/happenings.py", "analytics.track(", "measure.track(");
      await copy.edit("shared/telemetry/happenings.py", "analytics.identify(", "measure.identify(");
      await copy.edit("shared/telemetry/happenings.py", "import requests\n", "from requests import post as deliver\n");
      await copy.edit("shared/telemetry/happenings.py", "requests.post(", "deliver(");
      await copy.edit(
        "shared/regular/regular_api.py",
        "from shared.database.event.event import Event",
        "from shared.telemetry.happenings import Event as Happening\nEvent = Happening",
      );
      await copy.edit(
        "shared/database/task/task_event.py",
        "from shared.database.event.event import Event",
        "from shared.telemetry.happenings import Event as Ev",
      );
      await copy.edit("shared/database/task/task_event.py", "        Event.new(", "        Ev.new(");
      await copy.edit(
        "eventhandlers/action_runners/base/ActionRunner.py",
        "from shared.database.event.event import Event",
        "import shared.telemetry.happenings as h\nEvent = h.Event",
      );
      await copy.move("shared/connection/s3_connector.py", "shared/connection/amazon.py");
    },
    (result) => {
      assert.equal(of(result, "event-field").filter((one) => one.file === "shared/telemetry/happenings.py").length, 25);
      const risks = of(result, "udt-risk").map((one) => `${one.file} ${one.name}`);
      for (const risk of [
        "shared/telemetry/happenings.py pii/email",
        "shared/annotation.py annotation/instance-list",
        "shared/connection/amazon.py blob/object-path",
        "shared/connection/amazon.py blob/connector-options",
        "shared/database/task/task_event.py pii/project-name",
        "default/methods/report/report_runner.py annotation/label-names",
        "default/methods/event/event_create.py schema/user-chosen-name",
      ])
        assert.ok(risks.includes(risk), risk);
      assert.ok(of(result, "event-call").some((one) => one.name === "action_completed"));
    },
  ));

test("wrappers with ** and several levels lead to the value", () =>
  onCopy(
    async (copy) => {
      await copy.write(
        "default/methods/notes.py",
        [
          "from methods.regular.regular_api import *",
          "def emit(**fields):",
          "    fields['success'] = True",
          "    Event.new(**fields)",
          "def told(session, what, about):",
          "    message = 'Told ' + what + ' about %s' % about",
          "    emit(session = session, kind = 'told', description = message)",
          "def handler(session, member):",
          "    told(session, 'someone', member.user.email)",
          "",
        ].join("\n"),
      );
    },
    (result) => {
      const call = of(result, "event-call").find((one) => one.name === "told");
      assert.equal(call?.file, "default/methods/notes.py");
      assert.ok(of(result, "udt-risk").some((one) => one.name === "pii/email" && one.detail.includes("description of event told")));
    },
  ));

test("hosts are found through sessions, requests.request, httpx, urllib, settings and helpers", () =>
  onCopy(
    async (copy) => {
      await copy.write(
        "walrus/methods/senders.py",
        [
          "import urllib.request as u",
          "import httpx",
          "import requests as r",
          "import os",
          "HOST = os.getenv('PARTNER_HOST', 'https://partner.example-vendor.com')",
          "def call(base, path):",
          "    return r.request('POST', f'{base}/{path}', json = {'a': 1})",
          "def one():",
          "    call('https://one.example-vendor.com', 'x')",
          "def two():",
          "    with r.Session() as s:",
          "        s.put('https://two.example-vendor.com/y')",
          "    u.urlopen('https://three.example-vendor.com/z')",
          "    with httpx.Client() as c:",
          "        c.post(HOST + '/hook')",
          "    call(base = 'http://walrus:8080', path = 'internal')",
          "",
        ].join("\n"),
      );
    },
    (result) => {
      const hosts = of(result, "outbound-call")
        .filter((one) => one.file === "walrus/methods/senders.py")
        .map((one) => `${one.name}:${one.line}`);
      assert.deepEqual(hosts.sort(), [
        "one.example-vendor.com:9",
        "partner.example-vendor.com:15",
        "three.example-vendor.com:13",
        "two.example-vendor.com:12",
      ]);
      assert.ok(of(result, "internal-call").some((one) => one.name === "walrus" && one.line === 16));
    },
  ));

test("a support flag that is passed by position counts, and False does not", () =>
  onCopy(
    async (copy) => {
      await copy.edit("default/methods/configs/admin_install_info.py", "is_super(allow_support = True)", "is_super(True)");
      await copy.edit("default/methods/configs/admin_queue_status.py", "is_super(allow_support=True)", "is_super(allow_support=False)");
    },
    (result) => {
      assert.deepEqual(
        of(result, "support-route").map((one) => one.name),
        ["GET /api/v1/admin/install/info"],
      );
    },
  ));

test("one-line try and except, tabs, and a receiver class that only answers are read as they are meant", () =>
  onCopy(
    async (copy) => {
      await copy.write(
        "shared/utils/task_new.py",
        "try: \tfrom methods.regular.regular_api import *\nexcept: from default.methods.regular.regular_api import *\n\n\ndef made(session, task):\n\tEvent.new(session = session, kind = 'one_line', task_id = task.id)\n",
      );
      await copy.write(
        "sdk/client.py",
        "import requests\n\n\nclass Client:\n    host = 'https://app.diffgram.com'\n\n    def send(self, name):\n        return requests.post(self.host + '/api/v1/x', json = {'id': self.id, 'name': name, 'more': 1})\n",
      );
    },
    (result) => {
      assert.ok(of(result, "event-call").some((one) => one.name === "one_line"));
      assert.ok(!of(result, "event-field").some((one) => one.file === "sdk/client.py"));
    },
  ));

test("bases kept in attributes and class members lead to their hosts", () =>
  onCopy(
    async (copy) => {
      await copy.write(
        "walrus/methods/clients.py",
        [
          "import requests",
          "from shared.settings import settings",
          "class Inner:",
          "    def __init__(self):",
          "        self.base = settings.WALRUS_SERVICE_URL_BASE",
          "    def ask(self):",
          "        requests.post(f'{self.base}api/walrus/v1/x', json = {})",
          "class Outer:",
          "    host = 'https://member.example-vendor.com'",
          "    def ask(self):",
          "        requests.post(self.host + '/y', json = {})",
          "",
        ].join("\n"),
      );
    },
    (result) => {
      const here = (one: { readonly file: string }): boolean => one.file === "walrus/methods/clients.py";
      assert.deepEqual(
        of(result, "outbound-call")
          .filter(here)
          .map((one) => one.name),
        ["member.example-vendor.com"],
      );
      assert.deepEqual(
        of(result, "internal-call")
          .filter(here)
          .map((one) => one.name),
        ["127.0.0.1"],
      );
    },
  ));

test("a sender that nobody calls any more is still told of: the call may come back with any release", () =>
  onCopy(
    (copy) => copy.edit("shared/database/event/event.py", "        event.send_to_eventhub()", "        #event.send_to_eventhub()"),
    (result) => {
      assert.equal(of(result, "event-field").filter((one) => one.file.endsWith("event/event.py")).length, 25);
      assert.ok(of(result, "udt-risk").some((one) => one.file === "shared/annotation.py" && /the event hub/.test(one.detail)));
    },
  ));

test("a call between services stays inside when a condition mends its address, and when an .env file names the service", () =>
  onCopy(
    async (copy) => {
      await copy.edit(
        "shared/settings/settings.py",
        "os.getenv('WALRUS_SERVICE_URL_BASE', 'http://127.0.0.1:8085/')",
        "os.getenv('WALRUS_SERVICE_URL_BASE')",
      );
      await copy.write(".env", "WALRUS_SERVICE_URL_BASE=http://walrus:8082/\n");
    },
    (result) => {
      assert.ok(of(result, "internal-call").some((one) => one.file === "shared/regular/regular_methods.py" && one.name === "walrus"));
      assert.ok(!of(result, "outbound-call").some((one) => one.file === "shared/regular/regular_methods.py"));
    },
  ));

test("libraries and bundles among the assets are summed up, and what they load or call is still told", () =>
  onCopy(
    async (copy) => {
      const manual = Array.from({ length: 40 }, (_, index) => `var doc${index} = "https://docs${index}.example-graphs.com/manual";`).join(
        "\n",
      );
      await copy.write("frontend/src/assets/graphs/js/editor.js", `${manual}\nfetch("https://beacon.example-graphs.com/v1");\n`);
      await copy.write(
        "frontend/src/chunk.js",
        `!function(){${'var a="https://mentioned.example-bundle.com/x";'.repeat(80)}navigator.sendBeacon("https://sent.example-bundle.com/x")}();\n`,
      );
      await copy.write("frontend/src/own.js", 'const base = "https://api.example-own.com/";\n');
    },
    (result) => {
      const hosts = of(result, "front-end-host").map((one) => one.name);
      for (const host of ["beacon.example-graphs.com", "sent.example-bundle.com", "api.example-own.com"])
        assert.ok(hosts.includes(host), host);
      assert.deepEqual(
        hosts.filter((one) => /docs\d|^mentioned/.test(one)),
        [],
      );
      assert.ok(hosts.includes("(mentioned in frontend/src/assets/graphs)") && hosts.includes("(mentioned in frontend/src/chunk.js)"));
      const summed = of(result, "front-end-host").find((one) => one.name === "(mentioned in frontend/src/assets/graphs)");
      assert.match(summed?.detail ?? "", /docs0\.example-graphs\.com.* and 28 more in one file/);
      assert.ok(!of(result, "drift").some((one) => /docs\d|mentioned/.test(one.name)));
    },
  ));

test("clients of other services, with their address in the class, in a variable or left out, are each told by what they say", () =>
  onCopy(
    async (copy) => {
      await copy.write(
        "shared/connection/labelling.py",
        [
          "import json",
          "import requests",
          "from shared.settings import settings",
          "",
          "",
          "class LabellingClient:",
          "    API_URL = 'https://labelling.example-vendor.com/graphql'",
          "",
          "    def __init__(self, client_id, secret):",
          "        self.client_id = client_id",
          "        self.__token(secret)",
          "",
          "    def __token(self, secret):",
          "        params = {'client_id': self.client_id, 'client_secret': secret}",
          "        return requests.post('https://login.example-vendor.com/token', data = params).json()",
          "",
          "    def export(self, file_id):",
          "        answer = requests.post(self.API_URL, data = json.dumps({'query': file_id})).json()",
          "        return requests.get(answer['data']['url'].encode('utf-8'))",
          "",
          "    def project(self, opts):",
          "        import requests",
          "        url = 'https://projects.example-vendor.com/v1'",
          "        return requests.request('POST', url, json = {'name': opts['name']})",
          "",
          "    def forgotten(self, event):",
          "        return requests.post(json = event)",
          "",
          "    def sign_in(self, code):",
          "        return requests.post(settings.OAUTH2_PROVIDER_HOST + 'token', data = {'code': code})",
          "",
        ].join("\n"),
      );
      await copy.edit("walrus/requirements.txt", "requests", "scaleapi==2.1.0\nrequests");
      await copy.write("frontend/embed/package.json", '{\n  "dependencies": {\n    "vue-intercom": "1.0.14"\n  }\n}\n');
    },
    (result) => {
      const told = (kind: "outbound-call" | "internal-call"): string[] =>
        of(result, kind)
          .filter((one) => one.file === "shared/connection/labelling.py")
          .map((one) => one.name)
          .sort();
      assert.deepEqual(told("outbound-call"), [
        "(any)",
        "(any)",
        "labelling.example-vendor.com",
        "login.example-vendor.com",
        "projects.example-vendor.com",
      ]);
      assert.deepEqual(told("internal-call"), ["localhost"]);
      assert.ok(of(result, "outbound-call").some((one) => /the call's text names none/.test(one.detail)));
      assert.ok(!of(result, "event-field").some((one) => one.file === "shared/connection/labelling.py"), "a client is no event");
      assert.ok(of(result, "agent").some((one) => one.name === "Scale" && one.file === "walrus/requirements.txt"));
      assert.ok(of(result, "agent").some((one) => one.name === "Intercom" && one.file === "frontend/embed/package.json"));
    },
  ));
