import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { command, copyCheckout } from "./checkout-copy.js";

interface Reported {
  readonly changes: readonly { readonly change: string; readonly kind: string; readonly name: string }[];
}

test("one new field, one new host and one changed description are exactly three material changes", async () => {
  const [before, now] = await Promise.all([copyCheckout(), copyCheckout()]);
  try {
    await now.edit(
      "shared/database/event/event.py",
      "            'id': self.id,\n            'kind'",
      "            'id': self.id,\n            'browser_name': self.browser_name,\n            'kind'",
    );
    await now.edit(
      "shared/database/event/event.py",
      "    page_name = Column(String())",
      "    page_name = Column(String())\n    browser_name = Column(String())",
    );
    await now.write(
      "walrus/methods/export/notify.py",
      "import requests\n\n\ndef notify(count):\n    requests.post('https://hooks.example-vendor.com/x', json = {'count': count})\n",
    );
    await now.edit("shared/connection/azure_connector.py", "New cloud import for {}", "Imported from the cloud: {}");
    const json = join(before.path, "..", `${before.path.split("/").at(-1) ?? ""}.json`);
    const first = await command([before.path, "--no-policy", "--format", "json", "--out", json]);
    assert.equal(first.code, 1, first.err);
    for (const baseline of [before.path, json]) {
      const ran = await command([now.path, "--no-policy", "--format", "json", "--fail-on", "change", "--baseline", baseline]);
      assert.equal(ran.code, 1, ran.err);
      const report = JSON.parse(ran.out) as Reported;
      assert.deepEqual(
        report.changes.map((one) => `${one.change} ${one.kind} ${one.name}`),
        [
          "changed event-call microsoft_azure_new_import_success",
          "added event-field browser_name",
          "added outbound-call hooks.example-vendor.com",
        ],
      );
    }
  } finally {
    await Promise.all([before.remove(), now.remove()]);
  }
});

test("moved lines and renamed files are no change", async () => {
  const [before, now] = await Promise.all([copyCheckout(), copyCheckout()]);
  try {
    await now.edit("shared/database/event/event.py", "import analytics\n", "\n\n# moved down\n\nimport analytics\n");
    await now.move("shared/connection/s3_connector.py", "shared/connection/amazon.py");
    const ran = await command([now.path, "--no-policy", "--format", "json", "--fail-on", "change", "--baseline", before.path]);
    assert.equal(ran.code, 0, ran.out.slice(0, 2000));
    assert.deepEqual((JSON.parse(ran.out) as Reported).changes, []);
  } finally {
    await Promise.all([before.remove(), now.remove()]);
  }
});

test("a baseline that is no report is bad use", async () => {
  const copy = await copyCheckout();
  try {
    await writeFile(join(copy.path, "not.json"), "{}");
    const ran = await command([copy.path, "--baseline", join(copy.path, "not.json")]);
    assert.equal(ran.code, 2);
    assert.match(ran.err, /neither a folder nor a JSON report/);
  } finally {
    await copy.remove();
  }
});
