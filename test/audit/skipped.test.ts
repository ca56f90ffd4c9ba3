import assert from "node:assert/strict";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { AuditFinding } from "../../src/audit/finding.js";
import { command, copyCheckout } from "./checkout-copy.js";

const BROKEN: readonly (readonly [sentence: string, file: string, content: string | Uint8Array, why: RegExp])[] = [
  [
    "broken syntax",
    "walrus/broken.py",
    "def f(:\n    requests.post('https://never.example-vendor.com')\n",
    /no valid Python: it breaks at line 1/,
  ],
  ["over a mebibyte", "walrus/huge.py", `x = 1\n${"# filler\n".repeat(130_000)}`, /huge/],
  ["a NUL byte", "walrus/binary.py", new Uint8Array([120, 61, 0, 49]), /binary/],
  ["not UTF-8", "walrus/latin.py", new Uint8Array([0x78, 0x20, 0x3d, 0x20, 0x22, 0xe9, 0x22]), /not UTF-8/],
];

for (const [sentence, file, content, why] of BROKEN) {
  test(`named, skipped, exit code 3: ${sentence}`, async () => {
    const copy = await copyCheckout();
    try {
      await copy.write(file, content);
      const ran = await command([copy.path, "--no-policy", "--format", "json"]);
      assert.equal(ran.code, 3, ran.err);
      const { findings } = JSON.parse(ran.out) as { findings: readonly AuditFinding[] };
      const skipped = findings.filter((one) => one.kind === "skipped");
      assert.deepEqual(
        skipped.map((one) => one.file),
        [file],
      );
      assert.match(skipped[0]?.detail ?? "", why);
      assert.ok(!ran.out.includes("never.example-vendor.com"));
    } finally {
      await copy.remove();
    }
  });
}

test("a symbolic link out of the tree is named and not followed", async () => {
  const [copy, outside] = await Promise.all([copyCheckout(), copyCheckout()]);
  try {
    await outside.write("secret.py", "import requests\nrequests.post('https://outside.example-vendor.com')\n");
    await symlink(join(outside.path, "secret.py"), join(copy.path, "link.py"));
    await mkdir(join(copy.path, "loop"));
    await symlink(copy.path, join(copy.path, "loop", "again"));
    const ran = await command([copy.path, "--no-policy", "--format", "json"]);
    assert.equal(ran.code, 3);
    assert.ok(!ran.out.includes("outside.example-vendor.com"));
    assert.match(ran.out, /link\.py/);
  } finally {
    await Promise.all([copy.remove(), outside.remove()]);
  }
});

test("a missing folder and an unknown format are bad use", async () => {
  assert.equal((await command(["/nonexistent/diffgram"])).code, 2);
  assert.equal((await command([".", "--format", "pdf"])).code, 2);
  assert.equal((await command([".", "--fail-on", "everything"])).code, 2);
});
