import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadRules } from "../../src/inspect/rule-file.js";
import { ruleSources, textFinder } from "./fixture.js";

const rulesIn = textFinder(loadRules(ruleSources(), []));
const finds = (text: string, rule: string): boolean => {
  const found = rulesIn(text);
  return found === "late" || found.has(rule);
};

/** A pattern takes the longest match and goes on behind it: what it takes along must not hide the value. */
const HIDDEN: readonly (readonly [rule: string, value: string, around: readonly (readonly [before: string, after: string])[]])[] = [
  [
    "pii/payment-card",
    "4111 1111 1111 1111",
    [
      ["2026-11-20 ", " declined"],
      ["2026-11-20 12:30:45 ", ""],
      ["", " 2026-11-20"],
      ["row 12 ", " 3"],
      ["paid ", " 99.50"],
      ["card 1234 ", ""],
    ],
  ],
  [
    "pii/payment-card",
    "4111111111111111",
    [
      ["2026-11-20 ", ""],
      ["", ".0"],
      ["7 ", " 12"],
    ],
  ],
  [
    "pii/phone",
    "+31 6 12345678",
    [
      ["call ", " 2026-11-20 12:00"],
      ["", " 123 45 6789"],
      ["", " / 2026-11-20"],
    ],
  ],
  ["pii/phone", "+31612345678", [["", ".0"]]],
  [
    "pii/phone",
    "020 7946 0958",
    [
      ["Tel. ", " 2026-11-20"],
      ["phone 2026-11-20 ", " called"],
      ["tel 0687654321/", ""],
    ],
  ],
  [
    "pii/iban",
    "DE89 3704 0044 0532 0130 00",
    [
      ["Invoice no 15 ", ""],
      ["at 12 ", " and more"],
      ["BE 10 ", " 2026"],
    ],
  ],
  [
    "pii/iban",
    "DE89370400440532013000",
    [
      ["IBAN", ""],
      ["", "EUR"],
    ],
  ],
  [
    "pii/mac-address",
    "3c:22:fb:a1:09:7e",
    [
      ["mac:", ""],
      ["eth0_", ""],
      ["bssid-", ""],
      ["MAC=ff:ff:ff:ff:ff:ff:", ":08:00 SRC=10.0.0.1"],
    ],
  ],
  [
    "pii/ip-address",
    "93.184.216.34",
    [
      ["refused: api.acme.io/", ":443"],
      ["peer/", ""],
      ["ip4:", ""],
      ["12:", " - - GET"],
      ["host_", ""],
      ["", "_x"],
    ],
  ],
  [
    "pii/email",
    "dana.marker@clinic.org",
    [
      ["mail ", ".Then retry"],
      ["", ":see/notes"],
    ],
  ],
  ["pii/email", "1234567@qq.com", [["", ""]]],
  [
    "pii/user-path",
    "/home/dana.marker/x",
    [
      ["https://api.acme.io/x,", ""],
      ["'https://h/x','", "'"],
      ["https://h/x;", ""],
    ],
  ],
  [
    "pii/person-name",
    "Dana Whitfield",
    [
      ["Export Of Images ", " Now"],
      ["Export Failed For ", ""],
      ["New Export Failed For ", ""],
      ["The New Export Failed For ", ""],
    ],
  ],
  [
    "secret/high-entropy",
    "STORAGE_ENCRYPTION_KEY=Yx3kQ9vLm2Pz7RtB5nWc",
    [
      ["missing secret ", ""],
      ["token: ", ""],
      ["secret api_secret_value: ", ""],
    ],
  ],
  [
    "secret/named-value",
    "password: Welcome01!",
    [
      ["Password ", ""],
      ["the password ", ""],
      ["token secret ", ""],
    ],
  ],
  ["pii/gps-position", "51.92250, 4.47917", [["12:30:45 ", ""]]],
  // Scripts without spaces, and names of files.
  [
    "pii/payment-card",
    "4111111111111111",
    [
      ["卡号", "已拒绝"],
      ["", "_front.jpg"],
      ["card_", ".png"],
    ],
  ],
  [
    "pii/phone",
    "+31612345678",
    [
      ["手机", "号"],
      ["", "_rec.wav"],
    ],
  ],
  [
    "pii/phone",
    "13812345678",
    [
      ["电话：", "已停机"],
      ["手机号", ""],
    ],
  ],
  [
    "pii/email",
    "dana@acme-hospital.org",
    [
      ["邮箱", "已发送"],
      ["", "으로 전송"],
      ["", "に送信"],
    ],
  ],
  ["pii/national-id", "SSN 536228765", [["我的", "号"]]],
  [
    "pii/national-id",
    "bsn_111222333",
    [
      ["", ".pdf"],
      ["scan-", "_2.pdf"],
    ],
  ],
  ["pii/imei", "imei_490154203237518", [["", ".log"]]],
  ["pii/passport", "passport_C01X00T47", [["", ".jpg"]]],
  ["pii/iban", "DE89370400440532013000", [["账号", "已关闭"]]],
  [
    "secret/vendor-token",
    "AKIAIOSFODNN7EXAMPLE",
    [
      ["", "_old"],
      ["old_", "_x"],
    ],
  ],
];

/** What stands as close to other things and is nobody's. */
const HARMLESS: readonly string[] = [
  "1234 5678 4111 1111 1111 1111 9012",
  "row 12 4096 2048 1024 512 256",
  "12:30:45 0.83888, 0.97234",
  "nginx/1.25.3.1 and pkg_1.25.3.1_amd64",
  "a1:b2:c3:d4:e5:f6:07:18",
  "id a1-b2:3c:22:fb:a1:09:7e:08",
  "MAC=00:00:00:00:00:00:00:00:00:00:00:00:08:00",
  "no 15 AB89 3704 0044 0532 0130 00",
  "sha DE89370400440532013001EUR",
  "clip@2x.io.mp4",
  "org-31@github.com:acme/repo",
  "dana@git.acme.io:group/project",
  "1234567@acme-cluster.org",
  "https://app.acme.io/home/dana/x",
  "missing secret cache_key=created_at_2026",
  "the password reset token expired",
  // Their sums hold.
  "file 9788067744170 of task bd0ab635-0015-1000-be00-795d61203466",
  "task be479a16-9436-6fea-81e5-d29b90997d82 and be045bb0-fff5-8fff-8c43-b4ecc31fdf04",
  "run_id_111222333",
  "电话会议已结束 2026-11-20",
  "dana@2x.png已上传",
];

describe("what a pattern swallows", () => {
  for (const [rule, value, around] of HIDDEN)
    for (const [before, after] of around)
      it(`${rule}: ${before}${value}${after}`, () => assert.ok(finds(`${before}${value}${after}`, rule)));
  for (const text of HARMLESS)
    it(`passes: ${text}`, () => {
      const found = rulesIn(text);
      assert.deepEqual(found === "late" ? "late" : [...found.keys()], []);
    });
});
