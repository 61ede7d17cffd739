import * as z from "zod";

/**
 * The one shard format (design, section 3): JSON lines of the OpenAI Batch API, with an index shard beside the requests.
 * `custom_id` is the request key: sha256 over model identity, canonical wire body without `stream`, and sample index.
 */
export const RequestKey = z.string().regex(/^[0-9a-f]{64}$/);

export const RequestLine = z.strictObject({
  custom_id: RequestKey,
  method: z.literal("POST"),
  url: z.enum(["/v1/chat/completions", "/v1/completions"]),
  body: z.record(z.string(), z.unknown()),
});
export type RequestLine = z.infer<typeof RequestLine>;

/** A response that the endpoint gave, or the error that is final for this request. Other engines may add members. */
export const ResponseLine = z.looseObject({
  custom_id: RequestKey,
  response: z.looseObject({ status_code: z.int(), request_id: z.string().nullish(), body: z.record(z.string(), z.unknown()) }).nullable(),
  error: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
  /** Ours: ISO 8601 of the reception, milliseconds from sending to the last byte, tries that it took. */
  timing: z.strictObject({ received: z.string(), milliseconds: z.number(), tries: z.int() }).optional(),
});
export type ResponseLine = z.infer<typeof ResponseLine>;

/** One line per request, so that a job directory explains itself. */
export const IndexLine = z.strictObject({
  custom_id: RequestKey,
  /** Id and dataset of the seed row. */
  seed: z.strictObject({ id: z.string(), dataset: z.string() }).nullable(),
  /** Path as the user named it (relative to the project inside it), hash of the content, which lies in `in/templates/<sha256>.prompty`. */
  template: z.strictObject({ path: z.string(), sha256: z.string() }),
  sample: z.int().min(0),
  stage: z.string().nullable(),
  format: z.string().nullable(),
});
export type IndexLine = z.infer<typeof IndexLine>;
