import { Uri, window } from "vscode";
import type { PanelEvents } from "#protocol/panels.ts";
import { registerCommand } from "../commands/register.ts";
import type { ClientContext } from "../context.ts";
import { foreignDocument } from "../project/schemes.ts";
import { ProblemError } from "../server/server.ts";
import { createPreviewPanels, type PreviewPanels } from "./panels.ts";
import { isTemplate } from "./template-editor.ts";

/** The preview of templates: its panels, and the commands that open and drive them. */
export function registerPreview(context: ClientContext): PreviewPanels {
  const panels = createPreviewPanels(context);

  registerCommand(context, "jiuzhang.preview", (argument?: unknown) => void panels.open(templateOf(argument)));

  /** The preview that is meant; where none is open, one of the active template. */
  const current = () => panels.current() ?? panels.open(templateOf(undefined));
  const drive = (what: PanelEvents["do"]["what"]) => () => current().do(what);
  registerCommand(context, "jiuzhang.preview.generate", drive("generate"));
  registerCommand(context, "jiuzhang.preview.next", drive("next"));
  registerCommand(context, "jiuzhang.preview.previous", drive("previous"));
  registerCommand(context, "jiuzhang.preview.random", drive("random"));
  registerCommand(context, "jiuzhang.preview.longest", drive("longest"));
  registerCommand(context, "jiuzhang.preview.search", drive("search"));
  registerCommand(context, "jiuzhang.preview.pin", async () => {
    const { model } = current();
    await model.choose({ pinned: !model.pinned });
  });
  // Bound to keys that a panel answers by itself, so that the editor does nothing else with them.
  registerCommand(context, "jiuzhang.panel.key", () => {});
  return panels;
}

/** The template that a command is about: a file of a tree, or the active editor's. @throws ProblemError where there is none */
function templateOf(argument: unknown): Uri {
  if (argument instanceof Uri) return argument;
  const named = argument as { resourceUri?: unknown } | undefined;
  if (named?.resourceUri instanceof Uri) return named.resourceUri;
  const editor = [window.activeTextEditor, ...window.visibleTextEditors].find((one) => one !== undefined && isTemplate(one.document));
  if (editor !== undefined) return editor.document.uri;
  const active = window.activeTextEditor?.document;
  const foreign = active?.languageId === "prompty" ? foreignDocument(active.uri) : null;
  if (foreign !== null) throw new ProblemError(foreign);
  throw new ProblemError(
    {
      code: "usage/not-found",
      message: "No template is open",
      remedy: "Open a .prompty file, or add the shipped templates to your project.",
    },
    [{ title: "Open Sample Project…", command: "jiuzhang.openSample" }],
  );
}
