import { join } from "node:path";
import { dataFolder } from "../project/root.ts";

/** Copies of imported files, each in a folder named by its hash. */
export const importsDir = (project: string): string => join(dataFolder(project), "imports");
