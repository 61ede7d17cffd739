import { join } from "node:path";

/** The folder's name where the user names none. */
export const SAMPLE_FOLDER = "jiuzhang-sample";

/** What a folder is, for the sample project. */
export type FolderKind = "missing" | "empty" | "project" | "taken";

/** What a folder is by the names in it; null where there is no such folder. Hidden names are those of tools, as the server sees it. */
export function kindOf(names: readonly string[] | null): FolderKind {
  if (names === null) return "missing";
  if (names.includes("jiuzhang.yaml")) return "project";
  return names.every((name) => name.startsWith(".")) ? "empty" : "taken";
}

/** Where the sample goes when the user has chosen a folder: into it where that is possible, else into a new one within it. */
export function samplePlace(folder: string, kind: FolderKind): string {
  return kind === "taken" ? join(folder, SAMPLE_FOLDER) : folder;
}
