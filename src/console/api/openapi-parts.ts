import { z } from "zod";
import { PROBLEM } from "./answers.js";

export type Json = Readonly<Record<string, unknown>>;

/** What an operation may answer beside its result. */
const FAULTS: Readonly<Record<string, string>> = {
  "400": "The request can't be used; `invalid` names each parameter.",
  "401": "No session and no valid token.",
  "403": "The role or the token's scopes do not allow it, or the request came from another site.",
  "503": "The record store does not answer.",
};

/** One operation with the parameters of its query and what it answers. */
export function operation(
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

/** The same with further answers that are faults. */
export function withFaults(described: Json, faults: Readonly<Record<string, string>>): Json {
  const responses = typeof described["responses"] === "object" ? described["responses"] : {};
  const more = Object.entries(faults).map(([status, description]) => [
    status,
    status === "304" ? { description } : { description, content: { "application/problem+json": { schema: schemaOf(PROBLEM, "output") } } },
  ]);
  return { ...described, responses: { ...responses, ...Object.fromEntries(more) } };
}

/** A schema of zod as JSON Schema 2020-12. */
export function schemaOf(schema: z.core.$ZodType, io: "input" | "output"): Json {
  const { $schema: _, id: __, ...rest } = z.toJSONSchema(schema, { target: "draft-2020-12", io, unrepresentable: "any", reused: "inline" });
  return rest;
}
