/** Member of a problem's data by which a reader asks for a write operation (its value) before the same read is tried once more. */
export const NEEDS_WRITE = "needs-write";
