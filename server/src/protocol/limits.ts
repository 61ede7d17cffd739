/** Every limit in one place, so that a message can name it and a test can reach it. Sizes are bytes unless said otherwise. */

/** A shard is rolled at the limits of the OpenAI Batch API. */
export const SHARD_MAX_LINES = 50_000;
export const SHARD_MAX_BYTES = 200 * 1024 * 1024;

/** A template beyond this is refused with `template/too-large`: no model reads as much. */
export const TEMPLATE_MAX_BYTES = 8 * 1024 * 1024;

/** One imported row beyond this is skipped with `import/row-too-large`. */
export const ROW_MAX_BYTES = 16 * 1024 * 1024;

/** The length in characters at which long texts are cut into seeds, as in the paper. */
export const CHUNK_CHARACTERS = 1_000;

/** The most text one cell of a list carries; details are fetched on demand. */
export const CELL_MAX_CHARACTERS = 2_000;

/** The most rows one page of a dataset carries. */
export const PAGE_MAX_ROWS = 500;

/** Hex digits of a row's id: 96 bits, no collision among billions of rows. Any unique prefix names the row. */
export const ROW_ID_DIGITS = 24;

/** The most rows that a page's `skip` goes past: pages far down are reached from an anchor. */
export const PAGE_MAX_SKIP = 20_000;

/** The most anchors that one answer carries. */
export const MOST_ANCHORS = 5_000;

/** A preview carries the first and the last half of this many characters of a longer rendering. */
export const PREVIEW_MAX_CHARACTERS = 400_000;

/** Runs of up to so many requests stream their text as it comes. */
export const STREAM_MAX_REQUESTS = 8;

/** The largest file that can be dropped on a panel; larger ones are imported by name. */
export const DROP_MAX_BYTES = 64 * 1024 * 1024;
