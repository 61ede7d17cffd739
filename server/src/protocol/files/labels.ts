import * as z from "zod";

const id = z.string().regex(/^[0-9a-f]{24}$/);
const entry = {
  version: z.literal(1),
  /** Random, so that files of several persons and copies of them can be put together in any order. */
  id,
  at: z.iso.datetime({ offset: true }).describe("When it was said. Of several entries about one row the latest counts"),
};
const rows = z.array(id).min(1);
/** SQLite and most tools end a text at a NUL. */
const text = z.string().regex(/^[^\0]*$/);

/**
 * `labels/<person>.jsonl`: what one person said of rows and made of them, one entry a line, appended by that person only. Lines may
 * stand in any order: nothing but `at` (and `id` among equal times) tells which of two comes later.
 */
export const LabelLine = z.discriminatedUnion("kind", [
  z.strictObject({ ...entry, kind: z.literal("label"), rows, label: z.enum(["keep", "reject"]).nullable(), why: text.nullable() }),
  /** The problem that stands in the row's place from now on. */
  z.strictObject({
    ...entry,
    kind: z.literal("edit"),
    row: id,
    text: text.regex(/\S/),
    solution: text.nullable(),
    answer: text.nullable(),
  }),
  z.strictObject({ ...entry, kind: z.literal("delete"), rows }),
  /** Takes back a label, an edit or a deletion, whoever made it; an undo is not taken back. */
  z.strictObject({ ...entry, kind: z.literal("undo"), entry: id }),
]);
export type LabelLine = z.infer<typeof LabelLine>;
