import { RECIPE_FILE } from "../project/root.ts";

/** Whether a document is a project's recipe, by its name. */
export const isRecipe = (uri: string): boolean => uri.slice(uri.lastIndexOf("/") + 1) === RECIPE_FILE;
