import * as z from "zod";

const at = z.string().describe("ISO 8601");
const cost = z.number().optional().describe("Money that the job spent so far, all of its runs included; absent without a price");

/** `events.jsonl`: one object a line, appended by the job and by nobody else. */
export const EventLine = z.discriminatedUnion("event", [
  z.strictObject({ event: z.literal("begin"), at, task: z.string(), total: z.int().optional(), unit: z.string().optional() }),
  z.strictObject({
    event: z.literal("progress"),
    at,
    done: z.int(),
    total: z.int().optional(),
    unit: z.string(),
    rate: z.number().optional(),
    tokens: z.int().optional(),
    tokens_per_second: z.number().optional(),
    cost,
  }),
  z.strictObject({ event: z.literal("metric"), at, name: z.string(), value: z.number(), step: z.int().optional() }),
  z.strictObject({ event: z.literal("checkpoint"), at, path: z.string(), step: z.int() }),
  z.strictObject({ event: z.literal("artifact"), at, path: z.string(), sha256: z.string(), bytes: z.int() }),
  z.strictObject({
    event: z.literal("warning"),
    at,
    code: z.string(),
    message: z.string(),
    remedy: z.string().optional(),
    data: z.record(z.string(), z.unknown()).optional(),
  }),
  z.strictObject({
    event: z.literal("error"),
    at,
    code: z.string(),
    message: z.string(),
    remedy: z.string().optional(),
    data: z.record(z.string(), z.unknown()).optional(),
  }),
  z.strictObject({ event: z.literal("end"), at, code: z.int(), done: z.int().optional(), total: z.int().optional(), cost }),
]);
export type EventLine = z.infer<typeof EventLine>;
