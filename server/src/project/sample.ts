import { existsSync, readdirSync } from "node:fs";
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { fail } from "#protocol/errors.ts";
import { RECIPE_FILE } from "./root.ts";

/**
 * Makes the sample project: the files of `media/sample` and the shipped templates under `prompts/`.
 * An existing project is left as it is.
 * @returns whether the project was made now.
 * @throws usage/invalid-argument where the folder holds something else.
 */
export async function createSample(dir: string, from: { sample: string; prompts: string }): Promise<boolean> {
  if (existsSync(join(dir, RECIPE_FILE))) return false;
  if (existsSync(dir) && readdirSync(dir).some(isTaken))
    throw fail("usage/invalid-argument", "The folder is not empty and is not a project", {
      where: { file: dir },
      remedy: "Name another folder, or empty this one: nothing is ever written over.",
    });
  // Built beside and moved: a killed run leaves no half project. The recipe, which makes a folder a project, comes last.
  await mkdir(dir, { recursive: true });
  const building = join(dir, `.new-${process.pid}`);
  try {
    await cp(from.sample, building, { recursive: true });
    await cp(from.prompts, join(building, "prompts"), { recursive: true });
    const names = readdirSync(building).sort((a, b) => Number(a === RECIPE_FILE) - Number(b === RECIPE_FILE));
    for (const name of names) await rename(join(building, name), join(dir, name));
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return true;
}

/** Hidden names are those of tools, such as .git, .vscode and our own data: none of them is a name of the sample. */
const isTaken = (name: string): boolean => !name.startsWith(".");
