import { existsSync, readdirSync } from "node:fs";
import { cp, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
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
  if (existsSync(dir) && readdirSync(dir).length > 0)
    throw fail("usage/invalid-argument", "The folder is not empty and is not a project", {
      where: { file: dir },
      remedy: "Name another folder, or empty this one: nothing is ever written over.",
    });
  // The project appears whole or not at all, whatever is killed.
  const building = `${dir}.new-${process.pid}`;
  await rm(building, { recursive: true, force: true });
  await mkdir(dirname(building), { recursive: true });
  try {
    await cp(from.sample, building, { recursive: true });
    await cp(from.prompts, join(building, "prompts"), { recursive: true });
    await rm(dir, { recursive: true, force: true });
    await rename(building, dir);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return true;
}
