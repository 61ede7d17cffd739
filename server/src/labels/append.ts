import { existsSync, mkdirSync } from "node:fs";
import { fail } from "#protocol/errors.ts";
import type { LabelLine } from "#protocol/files/labels.ts";
import { syncDirectory } from "../files/durable.ts";
import { objectIn } from "../files/json.ts";
import { openAppend } from "../jobs/append-file.ts";
import { labelsDir, labelsFile, labelsPath } from "./files.ts";

/** How our own lines begin. */
const OURS = '{"version":';

const isOurs = (tail: string): boolean => tail.startsWith(OURS) || OURS.startsWith(tail);

const UNWRITABLE = ["EACCES", "EPERM", "EROFS", "EISDIR", "ENOTDIR", "EEXIST", "ENXIO"];

/**
 * Appends an entry to a person's file, durably; call it under the labels' lock. What a killed writer left of a line of ours is cut off;
 * anything else that stands behind the last newline stays and gets one. @throws labels/unwritable, io/disk-full
 */
export function appendEntry(project: string, person: string, entry: LabelLine): void {
  const path = labelsFile(project, person);
  try {
    mkdirSync(labelsDir(project), { recursive: true });
    const isNew = !existsSync(path);
    const file = openAppend(path, (tail) => !isOurs(tail) || objectIn(tail) !== null);
    try {
      file.append(`${JSON.stringify(entry)}\n`);
      file.syncNow();
    } finally {
      file.close();
    }
    if (isNew) syncDirectory(labelsDir(project));
  } catch (thrown) {
    if (!UNWRITABLE.includes((thrown as NodeJS.ErrnoException).code ?? "")) throw thrown;
    throw fail("labels/unwritable", "Your labels cannot be written", {
      where: { file: labelsPath(person) },
      remedy: "Make the folder “labels” and this file writable, and try again.",
      cause: thrown,
    });
  }
}
