import { changeRows } from "./change.ts";

/** The writer thread's operations of this room. */
export const labelOps = { changeRows };
