import { workspace } from "vscode";

/** The setting of the editor's own Markdown preview, which our panels follow. */
export const MACROS_SETTING = "markdown.math.macros";

/** The user's macros; what is no text under a name of TeX is left out. */
export const readMacros = (): Record<string, string> => validMacros(workspace.getConfiguration("markdown.math").get("macros"));

export function validMacros(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string" && /^\\?(?:[A-Za-z]+|.)$/u.test(entry[0]),
    ),
  );
}
