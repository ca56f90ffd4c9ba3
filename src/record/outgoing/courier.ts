import type { Clock, Logger } from "../../model/ports.js";
import type { OutboxRow } from "../desk-schema.js";
import type { Writer } from "../writer.js";
import { type EventFormat, eventOf } from "./event-format.js";
import { noticeSchema } from "./notice.js";
import { sendSyslog, syslogMessage, type SyslogSettings } from "./syslog.js";
import { postEvent, type WebhookSettings } from "./webhook.js";

/** Where incidents and checkpoints are told. */
export interface OutgoingSettings {
  readonly webhook: WebhookSettings | undefined;
  readonly syslog: SyslogSettings | undefined;
  readonly format: EventFormat;
}

export function sinksOf({ webhook, syslog }: OutgoingSettings): string[] {
  return [...(webhook === undefined ? [] : ["webhook"]), ...(syslog === undefined ? [] : ["syslog"])];
}

/** Carries the queue to its sinks, at least once each; a message that does not arrive is tried again, ever more rarely, and never dropped. */
export class Courier {
  readonly #settings: OutgoingSettings;
  readonly #writer: Writer;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(settings: OutgoingSettings, writer: Writer, ports: { readonly clock: Clock; readonly logger: Logger }) {
    this.#settings = settings;
    this.#writer = writer;
    this.#clock = ports.clock;
    this.#logger = ports.logger;
  }

  /** One turn: sends what is due. Never rejects. */
  async deliver(): Promise<void> {
    if (sinksOf(this.#settings).length === 0) return;
    const answer = await this.#writer.ask({ kind: "due", now: this.#clock.now() }).catch(() => undefined);
    if (answer?.kind !== "due" || answer.messages.length === 0) return;
    const outcomes = await Promise.all(answer.messages.map(async (message) => ({ message, sent: await this.#send(message) })));
    const sent = outcomes.filter((outcome) => outcome.sent).map(({ message }) => message.id);
    const failed = outcomes.filter((outcome) => !outcome.sent).map(({ message: { id, attempts } }) => ({ id, attempts }));
    await this.#writer.ask({ kind: "settle", sent, failed, now: this.#clock.now() }).catch(() => undefined);
  }

  async #send({ id, sink, kind, body, at, attempts }: OutboxRow): Promise<boolean> {
    try {
      const notice = noticeSchema.parse(JSON.parse(body));
      const event = JSON.stringify(eventOf(id, notice, this.#settings.format));
      const { webhook, syslog } = this.#settings;
      if (sink === "webhook" && webhook !== undefined) await postEvent(webhook, id, event, this.#clock.now());
      // 1: alert, 4: warning, 6: informational.
      else if (sink === "syslog" && syslog !== undefined)
        await sendSyslog(syslog, syslogMessage(notice.kind === "checkpoint" ? 6 : notice.transferred ? 1 : 4, kind, at, event));
      return true;
    } catch (error) {
      const cause = error instanceof Error ? error.message : String(error);
      // A sink that is away for a day says so a few times, not with each message.
      if (attempts % 8 === 0)
        this.#logger.warn("A message could not be delivered; it is tried again.", { sink, id, attempts: attempts + 1, cause });
      return false;
    }
  }
}
