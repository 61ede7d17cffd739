import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { fail } from "#protocol/errors.ts";

/** The file that makes a folder a project. */
export const RECIPE_FILE = "jiuzhang.yaml";

/** The folder inside a project that holds index, imports and jobs. */
const DATA_FOLDER = ".jiuzhang";

/** Where everything of a project lies that is not the researcher's own. */
export const dataFolder = (projectDir: string): string => join(projectDir, DATA_FOLDER);

/** The nearest folder from `start` upwards that holds a recipe or data of ours, or null. */
export function findProject(start: string): string | null {
  for (let dir = resolve(start); ; dir = dirname(dir)) {
    if (existsSync(join(dir, RECIPE_FILE)) || existsSync(join(dir, DATA_FOLDER))) return dir;
    if (dirname(dir) === dir) return null;
  }
}

/**
 * The project to work in: `explicit` where the user named one, else the nearest from `cwd` upwards.
 * @throws project/none with what to do where there is neither.
 */
export function requireProject(explicit: string | undefined, cwd: string): string {
  if (explicit !== undefined) {
    const dir = resolve(cwd, explicit);
    if (!existsSync(dir))
      throw fail("project/none", "There is no such folder", { where: { file: dir }, remedy: "Check the path after --project." });
    return dir;
  }
  const found = findProject(cwd);
  if (found === null)
    throw fail("project/none", "This folder is not in a project", {
      where: { file: cwd },
      remedy: `Go to a folder with a ${RECIPE_FILE}, name one by --project DIR, or make a sample with \`jiuzhang sample DIR\`.`,
    });
  return found;
}

/** Makes the folder for our data, with a .gitignore of its own: what lies in it can be large and is never meant for git. */
export async function ensureDataFolder(projectDir: string): Promise<string> {
  const folder = dataFolder(projectDir);
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(join(folder, ".gitignore"), "*\n", { flag: "wx" });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
  }
  return folder;
}

/** How files and rows name a file: relative to the project inside it, absolute outside, always with forward slashes. */
export function projectPath(projectDir: string, file: string): string {
  const path = relative(projectDir, resolve(file));
  const outside = path === "" || path === ".." || path.startsWith(`..${sep}`) || isAbsolute(path);
  return (outside ? resolve(file) : path).split(sep).join("/");
}
