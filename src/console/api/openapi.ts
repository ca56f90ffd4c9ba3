import { z } from "zod";
import { EVIDENCE, EXCEPTION, INCIDENT, INVENTORY_ITEM, pageOf, TRANSFER, TRANSFER_DETAIL } from "./answers.js";
import { type Json, operation, schemaOf, withFaults } from "./openapi-parts.js";
import { ACCEPTING, INCIDENT_QUERY, INVENTORY_QUERY, REPORT_QUERY, STATUS_CHANGE, TAKING, TRANSFER_QUERY } from "./schemas.js";

/**
 * Describes the API (OpenAPI 3.1) from the schemas that its requests are validated with. What has no port here is left out.
 */
export function openApiDocument(present: { readonly inventory: boolean; readonly report: boolean; readonly propose: boolean }): Json {
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
      ...(present.propose && { "/api/v1/transfers/{id}/exception": { parameters: [ID], get: exceptionOperation() } }),
      "/api/v1/transfers/{id}/evidence": { parameters: [ID], get: evidenceOperation() },
      "/api/v1/transfers/{id}/evidence/{exchange}": { parameters: [ID, EXCHANGE], post: takeOperation() },
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
        "/api/v1/inventory/accept": { post: acceptOperation() },
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

const EXCHANGE: Json = {
  name: "exchange",
  in: "path",
  required: true,
  description: "The exchange whose body it is, as the list of sealed bodies names it.",
  schema: { type: "string" },
};

const CSRF: Json = { name: "X-CSRF-Token", in: "header", schema: { type: "string" }, description: "With a session's cookie only." };

const NO_RECORD = { "404": "No record and no exchange has this id." };

function bodyOf(schema: z.ZodType): Json {
  return { required: true, content: { "application/json": { schema: schemaOf(schema, "input") } } };
}

function exceptionOperation(): Json {
  return withFaults(
    operation("getException", "What would let a dismissed transfer out: a diff of the policy, never applied", z.strictObject({}), {
      "application/json": EXCEPTION,
      "text/x-diff": z.string(),
    }),
    { ...NO_RECORD, "409": "It is not dismissed." },
  );
}

function evidenceOperation(): Json {
  return withFaults(
    operation("listEvidence", "Which bodies of a record are kept sealed", z.strictObject({}), {
      "application/json": z.object({ items: z.array(EVIDENCE).readonly() }),
    }),
    NO_RECORD,
  );
}

function takeOperation(): Json {
  const described = withFaults(
    operation("takeEvidence", "Takes out one sealed body as an age file; the chain keeps who and why", z.strictObject({}), {
      "application/octet-stream": z.string(),
    }),
    { "404": "No sealed body of this exchange is kept.", "409": "The stored file is not the one that the chain knows." },
  );
  return { ...described, parameters: [CSRF], requestBody: bodyOf(TAKING) };
}

function acceptOperation(): Json {
  const described = operation("acceptChanges", "Marks the material changes of now as seen, of one case or of all", z.strictObject({}), {
    "application/json": z.object({ accepted: z.number().int() }),
  });
  return { ...described, parameters: [CSRF], requestBody: bodyOf(ACCEPTING) };
}

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
    parameters: [{ name: "If-Match", in: "header", schema: { type: "string" }, description: "ETag of the record as it was read." }, CSRF],
    requestBody: bodyOf(STATUS_CHANGE),
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
