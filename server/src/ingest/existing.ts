import { access } from "node:fs/promises";

/** The path of a file or of its compressed form, null where there is neither. */
export async function existing(path: string): Promise<string | null> {
  for (const candidate of [path, `${path}.gz`]) {
    try {
      await access(candidate);
      return candidate;
    } catch {
      // Not there: try the other form.
    }
  }
  return null;
}
