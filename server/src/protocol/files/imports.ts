import * as z from "zod";

/** `.jiuzhang/imports/<sha256>/import-<dataset>.json`: how one file became rows of one dataset. With `data` beside it, it is the truth about those rows. */
export const ImportFile = z.strictObject({
  version: z.literal(1),
  /** The file as the user named it, relative to the project where it lies inside it. */
  file: z.string(),
  sha256: z.string(),
  bytes: z.int(),
  dataset: z.string(),
  kind: z.enum(["seed", "problem"]),
  format: z.enum(["jsonl", "csv", "markdown", "text"]),
  /** Characters per chunk for texts; absent where rows are whole records. */
  chunk: z.int().optional(),
  license: z.string().nullable(),
  stage: z.string().nullable(),
  imported: z.string(),
  /** How far the file is read: an import that was cancelled there stays so until the file is imported again. Absent for the whole file. */
  until: z.int().min(0).optional(),
  /** The row was selected in `file`, in these lines (from 1); `data` holds only the selection. */
  selection: z.strictObject({ line: z.int().min(1), end_line: z.int().min(1) }).optional(),
});
export type ImportFile = z.infer<typeof ImportFile>;
