import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type LogSettings, createLogger, neutralise } from "../../src/observe/log.js";

class Sink extends Writable {
  text = "";

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString("utf8");
    done();
  }
}

function logTo(settings: Omit<LogSettings, "stream">): { readonly sink: Sink; readonly log: ReturnType<typeof createLogger> } {
  const sink = new Sink();
  return { sink, log: createLogger({ ...settings, stream: sink }) };
}

describe("log", () => {
  it("writes one JSON object a line, with time, level, message and fields", () => {
    const { sink, log } = logTo({ level: "debug", format: "json" });
    log.warn("Refused.", { case: "event-collection", findings: 2, transferred: false, record: undefined });
    log.debug("Let out.");
    const [refused, letOut] = sink.text.trimEnd().split("\n");
    const entry = JSON.parse(refused ?? "") as Record<string, unknown>;
    assert.match(String(entry["time"]), /^\d{4}-\d\d-\d\dT/);
    assert.deepEqual(
      { ...entry, time: 0 },
      { time: 0, level: "warn", message: "Refused.", case: "event-collection", findings: 2, transferred: false },
    );
    assert.equal((JSON.parse(letOut ?? "") as Record<string, unknown>)["level"], "debug");
  });

  it("leaves out what is below the level, and all of it at silent", () => {
    const warn = logTo({ level: "warn", format: "json" });
    warn.log.info("no");
    warn.log.debug("no");
    warn.log.error("yes");
    assert.equal(warn.sink.text.split("\n").filter(Boolean).length, 1);
    const silent = logTo({ level: "silent", format: "json" });
    silent.log.error("no");
    assert.equal(silent.sink.text, "");
  });

  it("lets no text forge a second line, a colour, a direction or a field", () => {
    for (const format of ["json", "text"] as const) {
      const { sink, log } = logTo({ level: "info", format });
      log.info('GET /\r\n{"level":"error"}\u001b[31m', { path: "/a\u2028b\u202egpj.exe\u0085", agent: "x verdict=allow" });
      assert.equal(sink.text.split("\n").length, 2, format);
      assert.doesNotMatch(sink.text.trimEnd(), /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/u);
    }
    const { sink, log } = logTo({ level: "info", format: "text" });
    log.info("m", { agent: "x verdict=allow" });
    assert.match(sink.text, /agent="x verdict=allow"$/m);
  });

  it("does not let a field replace time, level or message", () => {
    const { sink, log } = logTo({ level: "info", format: "json" });
    log.info("real", { message: "forged", level: "debug", time: "never" });
    const entry = JSON.parse(sink.text) as Record<string, unknown>;
    assert.equal(entry["message"], "real");
    assert.equal(entry["level"], "info");
  });

  it("makes one harmless line of any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 4_000 }), (text) => {
        assert.doesNotMatch(neutralise(text), /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        assert.ok(neutralise(text).length < 2_048 * 8 + 64);
      }),
    );
  });

  it("goes on when what it writes to breaks", () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error("disk full")) });
    const log = createLogger({ level: "info", format: "json", stream });
    for (let index = 0; index < 5; index += 1) log.error("lost");
    stream.destroy(new Error("gone"));
    log.error("lost too");
  });
});
