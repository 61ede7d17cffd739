import { randomBytes } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { crashPoint } from "../store/crash-point.ts";

/** A name beside `path` for what is not finished yet. */
export const unfinished = (path: string): string => `${path}.${randomBytes(6).toString("hex")}.tmp`;

/** Writes a whole file so that it is there completely or not at all, also after a power cut. */
export async function writeAtomic(path: string, content: string): Promise<void> {
  const partial = unfinished(path);
  try {
    const file = await open(partial, "w");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    crashPoint("before rename");
    await rename(partial, path);
  } catch (thrown) {
    await rm(partial, { force: true });
    throw thrown;
  }
}
