import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readFrontEnd } from "../../src/audit/front-end.js";
import { parsePython } from "../../src/audit/python/parser.js";
import { Program } from "../../src/audit/python/program.js";
import { Evaluator } from "../../src/audit/python/evaluator.js";
import { scriptTexts } from "../../src/audit/script-tokens.js";

const PIECES = [
  "def f(x):\n    ",
  "return ",
  "x",
  "self.",
  "a['b']",
  " = ",
  "(",
  ")",
  "{",
  "}",
  "'s'",
  'f"{x}"',
  "**k",
  "*a",
  "\n",
  "class A:\n    ",
  "for y in z:\n    ",
  "lambda q: q",
  ".update(",
  ".format(",
  "import a.b as c\n",
  "from . import *\n",
  ", ",
  ": ",
  "%",
  "+",
];

test("no text makes the Python reader or the evaluator throw", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 6 })), { maxLength: 40 }), (parts) => {
      const text = parts.join("");
      const parsed = parsePython(text);
      if ("brokenAt" in parsed) assert.ok(parsed.brokenAt >= 0 && parsed.brokenAt <= text.length);
      const program = new Program([{ path: "a/m.py", kind: "python", text }]);
      new Evaluator(program).run();
    }),
    { numRuns: 1500 },
  );
});

test("no text makes the script and markup readers throw, and tokens lie inside the text", () => {
  const bits = [
    "'",
    '"',
    "`",
    "${",
    "}",
    "/*",
    "*/",
    "//",
    "/",
    "\\",
    "\n",
    "<!--",
    "-->",
    "<script>",
    "</script>",
    '<a href="',
    ">",
    "https://x.example.org/",
    "a",
    "=",
    "(",
  ];
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.constantFrom(...bits), fc.string({ maxLength: 4 })), { maxLength: 60 }), (parts) => {
      const text = parts.join("");
      for (const token of scriptTexts(text)) assert.ok(token.at >= 0 && token.at <= text.length);
      readFrontEnd([
        { path: "x.html", kind: "html", text },
        { path: "x.ts", kind: "script", text },
        { path: "x.vue", kind: "vue", text },
      ]);
    }),
    { numRuns: 1500 },
  );
});

test("regular expressions, templates and comments are told apart", () => {
  const tokens = scriptTexts("const a = /[\"'/]/.test(b) / 2; // 'no'\nfetch(`https://h.example-vendor.com/${x ? `in${y}` : 'z'}/end`)");
  assert.deepEqual(
    tokens
      .filter((token) => token.kind === "string")
      .map((token) => token.text)
      .sort(),
    ["https://h.example-vendor.com/${}/end", "in${}", "z"].sort(),
  );
});

test("valid Python that the grammar stumbles over is read", () => {
  for (const text of [
    "def f():\n    yield\n",
    "def f():\n    x = yield\n",
    "\f\nx = 1\n",
    "@contextmanager\ndef f():\n    yield  # here\n",
  ])
    assert.ok("body" in parsePython(text), JSON.stringify(text));
});
