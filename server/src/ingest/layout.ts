import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Where everything of a project lies that is not the researcher's own. */
export const homeDir = (project: string): string => join(project, ".jiuzhang");
export const importsDir = (project: string): string => join(homeDir(project), "imports");
export const jobsDir = (project: string): string => join(homeDir(project), "jobs");

/** Makes `.jiuzhang/` with its own `.gitignore`, so that no index or response is ever committed by accident. */
export async function makeHome(project: string): Promise<void> {
  await mkdir(homeDir(project), { recursive: true });
  try {
    await writeFile(join(homeDir(project), ".gitignore"), "*\n", { flag: "wx" });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
  }
}

/** Dataset names become parts of file names: letters, digits, `-`, `_` and `.` within. */
export const DATASET_NAME = /^[\p{L}\p{N}][\p{L}\p{N}_.-]{0,99}$/u;
