import { z } from "zod";
import { PAGE_MAX_ROWS, PAGE_MAX_SKIP } from "../limits.ts";

/** Pieces that several messages share. */

/** A project: the `file:` URI of its folder. */
export const project = z.string().startsWith("file:");

/** Names the work whose `progress` notifications the sender wants to hear; chosen by the sender. */
export const progressToken = z.string().min(1).max(100);

export const rowId = z.string().regex(/^[0-9a-f]{24}$/);
export const rowIds = z.array(rowId).min(1).max(10_000);

export const condition = z.strictObject({
  field: z.string().max(100),
  op: z.enum(["=", "!=", "<", "<=", ">", ">=", "~"]),
  value: z.string().max(10_000),
});

/** The rows of a dataset that a panel shows: what they must fulfil. */
export const selection = {
  dataset: z.string().min(1).max(100),
  where: z.array(condition).max(100),
  search: z.string().max(1_000).optional(),
};

export const sort = z.strictObject({ field: z.enum(["created", "length", "tokens"]), descending: z.boolean() });

export const query = z.strictObject({
  ...selection,
  sort,
  limit: z.int().min(1).max(PAGE_MAX_ROWS),
  after: z.string().max(200).optional(),
  skip: z.int().min(0).max(PAGE_MAX_SKIP).optional(),
  whole: z.boolean().optional(),
  brief: z.boolean().optional(),
});
