import { z } from "zod";
import {
  INCIDENT,
  INCIDENT_QUERY,
  INVENTORY_ITEM,
  INVENTORY_QUERY,
  pageOf,
  PROBLEM,
  REPORT_QUERY,
  STATUS_CHANGE,
  TRANSFER,
  TRANSFER_DETAIL,
  TRANSFER_QUERY,
} from "./schemas.js";

type Json = Readonly<Record<string, unknown>>;

/** What an operation may answer beside its result. */
const FAULTS: Readonly<Record<string, string>> = {
  "400": "The request can't be used; `invalid` names each parameter.",
  "401": "No session and no valid token.",
  "403": "The role or the token's scopes do not allow it, or the request came from another site.",
  "503": "The record store does not answer.",
};

/**
 * Describes the API (OpenAPI 3.1) from the schemas that its requests are validated with. What has no port here is left out.
 */
export function openApiDocument(present: { readonly inventory: boolean; readonly report: boolean }): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "diffgram-egress-proxy",
      version: "1",
      description: "Records of Unexpected Data Transfers: what was stopped, redacted or let out with findings, and what was done about it.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }, { session: [] }],
    paths: {
      "/api/v1/transfers": { get: listOperation() },
      "/api/v1/transfers/{id}": { parameters: [ID], get: showOperation(), patch: statusOperation() },
      "/api/v1/transfers/{id}/notice": { parameters: [ID], get: noticeOperation() },
      "/api/v1/incidents": {
        get: operation("listIncidents", "Transfers of the same cause, newest first", INCIDENT_QUERY, {
          "application/json": pageOf(INCIDENT),
        }),
      },
      ...(present.inventory && {
        "/api/v1/inventory": {
          get: operation("listInventory", "What allowed traffic holds: paths and types, never values", INVENTORY_QUERY, {
            "application/json": pageOf(INVENTORY_ITEM),
          }),
        },
      }),
      ...(present.report && {
        "/api/v1/report": {
          get: operation("report", "A period's summary for an auditor", REPORT_QUERY, {
            "application/json": z.unknown(),
            "text/html": z.string(),
            "text/markdown": z.string(),
            "text/csv": z.string(),
          }),
        },
      }),
      "/api/v1/openapi.json": {
        get: { ...operation("openapi", "This description", z.strictObject({}), { "application/json": z.unknown() }), security: [] },
      },
    },
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "An API token with scopes, made by an admin on the page Access." },
        session: {
          type: "apiKey",
          in: "cookie",
          name: "egress-session",
          description: "A person's session; with TLS its name starts with `__Host-`.",
        },
      },
    },
  };
}

const ID: Json = {
  name: "id",
  in: "path",
  required: true,
  description: "A record's id, or the id of any exchange that was an occurrence of it.",
  schema: { type: "string" },
};

function listOperation(): Json {
  return operation("listTransfers", "Records that match, newest occurrence first; CSV and NDJSON hold every page", TRANSFER_QUERY, {
    "application/json": pageOf(TRANSFER),
    "application/x-ndjson": TRANSFER,
    "text/csv": z.string(),
  });
}

function showOperation(): Json {
  return withFaults(operation("getTransfer", "One record with its history", z.strictObject({}), { "application/json": TRANSFER_DETAIL }), {
    "304": "Not changed since the ETag in If-None-Match.",
    "404": "No record and no exchange has this id.",
  });
}

function statusOperation(): Json {
  const described = withFaults(
    operation("changeTransfer", "Changes the status: open, confirmed, reported, deleted; or dismissed", z.strictObject({}), {
      "application/json": TRANSFER_DETAIL,
    }),
    {
      "404": "No record and no exchange has this id.",
      "409": "The workflow has no such step.",
      "412": "The record changed since the ETag in If-Match.",
    },
  );
  return {
    ...described,
    parameters: [
      { name: "If-Match", in: "header", schema: { type: "string" }, description: "ETag of the record as it was read." },
      { name: "X-CSRF-Token", in: "header", schema: { type: "string" }, description: "With a session's cookie only." },
    ],
    requestBody: { required: true, content: { "application/json": { schema: schemaOf(STATUS_CHANGE, "input") } } },
  };
}

function noticeOperation(): Json {
  return withFaults(
    operation("getNotice", "The notice to the vendor", z.strictObject({}), {
      "application/json": z.unknown(),
      "text/markdown": z.string(),
    }),
    { "404": "No record and no exchange has this id." },
  );
}

function operation(
  operationId: string,
  summary: string,
  query: { readonly shape: Readonly<Record<string, z.core.$ZodType>> },
  content: Readonly<Record<string, z.ZodType>>,
): Json {
  const media = Object.entries(content).map(([type, schema]): [string, Json] => [type, { schema: schemaOf(schema, "output") }]);
  return withFaults(
    {
      operationId,
      summary,
      parameters: Object.entries(query.shape).map(([name, schema]) => parameter(name, schema)),
      responses: { "200": { description: "As asked.", content: Object.fromEntries(media) } },
    },
    FAULTS,
  );
}

function parameter(name: string, schema: z.core.$ZodType): Json {
  const { description, ...rest } = schemaOf(schema, "input");
  return { name, in: "query", required: false, ...(description === undefined ? {} : { description }), schema: rest };
}

function withFaults(described: Json, faults: Readonly<Record<string, string>>): Json {
  const responses = typeof described["responses"] === "object" ? described["responses"] : {};
  const more = Object.entries(faults).map(([status, description]) => [
    status,
    status === "304" ? { description } : { description, content: { "application/problem+json": { schema: schemaOf(PROBLEM, "output") } } },
  ]);
  return { ...described, responses: { ...responses, ...Object.fromEntries(more) } };
}

function schemaOf(schema: z.core.$ZodType, io: "input" | "output"): Json {
  const { $schema: _, id: __, ...rest } = z.toJSONSchema(schema, { target: "draft-2020-12", io, unrepresentable: "any", reused: "inline" });
  return rest;
}
