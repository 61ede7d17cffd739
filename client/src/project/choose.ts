import { dirname, relative, sep } from "node:path";

/** What tells the project apart: files and folders as paths. Nothing is read but through `isProject`. */
export interface Surroundings {
  /** The document's file; null for an untitled one, one that is on no disk, and for no document at all. */
  file: string | null;
  /** The open folders. */
  folders: readonly string[];
  /** Projects that were found somewhere below the open folders. */
  below: readonly string[];
  /** The file of the active editor. */
  active: string | null;
  /** What the user chose earlier in this session. */
  remembered: string | null;
  /** Whether a folder holds a recipe or data of ours. */
  isProject(folder: string): boolean;
}

/**
 * The project that a document belongs to: the nearest folder from it upwards that is a project, at most up to the open folder that
 * holds it, else that open folder. What lies in no open folder belongs to the project of the active editor, or to the only one.
 * `ask`: several could be meant.
 */
export function chooseProject(around: Surroundings): { project: string } | { none: true } | { ask: readonly string[] } {
  const { file, folders, below, active, remembered, isProject } = around;
  for (const place of [file, active]) {
    const project = place === null ? null : projectAround(place, around);
    if (project !== null) return { project };
  }
  const [first] = folders;
  if (first === undefined) return { none: true };
  if (folders.length === 1 && isProject(first)) return { project: first };
  const projects = [...new Set([...folders.filter(isProject), ...below])];
  const candidates = projects.length > 0 ? projects : folders;
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return { project: only };
  if (remembered !== null && candidates.includes(remembered)) return { project: remembered };
  return { ask: candidates };
}

function projectAround(file: string, { folders, isProject }: Surroundings): string | null {
  // The deepest one, where one open folder lies within another.
  const folder = folders.filter((one) => contains(one, file)).sort((a, b) => b.length - a.length)[0];
  if (folder === undefined) return null;
  for (let dir = dirname(file); dir !== folder && contains(folder, dir); dir = dirname(dir)) if (isProject(dir)) return dir;
  return folder;
}

function contains(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return path !== ".." && !path.startsWith(`..${sep}`) && path !== file;
}
