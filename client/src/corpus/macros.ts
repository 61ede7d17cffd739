import { workspace } from "vscode";
import { validMacros } from "./valid-macros.ts";

/** The setting of the editor's own Markdown preview, which our panels follow. */
export const MACROS_SETTING = "markdown.math.macros";

/** The user's macros; what is no text under a name of TeX is left out. */
export const readMacros = (): Record<string, string> => validMacros(workspace.getConfiguration("markdown.math").get("macros"));
