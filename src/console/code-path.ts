import type { DeskRecord } from "../model/record-desk.js";

/**
 * Where in the vendor's public source a transfer like this one is made (docs/traffic.md, "Unexpected Data Transfers that the same source
 * makes"). The first that fits is told; without one the notice only names the request.
 */
interface KnownSource {
  readonly where: string;
  readonly fits: (record: DeskRecord) => boolean;
}

const places = (record: DeskRecord, pattern: RegExp): boolean => record.findings.some(({ pointer }) => pattern.test(pointer));

const KNOWN: readonly KnownSource[] = [
  {
    where:
      "The event `missing_ids_in_new_instance_list_error`, which puts the whole list of annotation instances into `error_log.warning.instance_list_new`.",
    fits: (record) => places(record, /instance_list_new/) || record.eventKind?.includes("missing_ids_in_new_instance_list_error") === true,
  },
  {
    where: "The Segment `identify` call at sign-up and API enablement, which sends the user's traits.",
    fits: (record) => record.destination === "segment" && places(record, /^\/batch\/\d+\/traits\//),
  },
  {
    where: "The Segment `track` call of every event, which sends the acting member's e-mail address as `properties.email`.",
    fits: (record) => record.destination === "segment" && places(record, /^\/batch\/\d+\/properties\/email$/),
  },
  {
    where: "The Segment `track` call, which spreads the event's error log into `properties`.",
    fits: (record) => record.destination === "segment" && places(record, /^\/batch\/\d+\/properties\//),
  },
  {
    where: "The event `report_run`, whose `report_data.labels` are the names that the report groups by.",
    fits: (record) => places(record, /^\/report_data\/labels/) || places(record, /^\/report_template_data\/name$/),
  },
  {
    where: "The cloud import and export events, whose `description` and `error_log` hold object paths and the connector's options.",
    fits: (record) =>
      record.destination === "event-hub" &&
      (/_new_(import|export)_/.test(record.eventKind ?? "") || places(record, /^\/(description$|error_log\/)/)),
  },
  {
    where: "The task events, whose `extra_metadata` holds the project's name.",
    fits: (record) => places(record, /^\/extra_metadata\//),
  },
];

/** A sentence about the code that makes such a request; undefined where none is known. */
export function codePathOf(record: DeskRecord): string | undefined {
  return KNOWN.find(({ fits }) => fits(record))?.where;
}
