import { Range, type TextEditor, TextEditorRevealType, type Uri, type WebviewPanel, window, workspace } from "vscode";
import { columnBeside } from "../panels/column.ts";

/** Whether a document is a template that can be previewed. */
export const isTemplate = ({ languageId, uri }: { languageId: string; uri: Uri }): boolean =>
  languageId === "prompty" && (uri.scheme === "file" || uri.scheme === "untitled");

/** An editor of the document that can be seen; the active one first. */
export function visibleEditor(uri: string): TextEditor | undefined {
  const shows = (editor: TextEditor | undefined): boolean => editor?.document.uri.toString() === uri;
  return shows(window.activeTextEditor) ? window.activeTextEditor : window.visibleTextEditors.find(shows);
}

/** Selects a part of a template in its editor, which is opened where it was closed, and takes the user there: they asked for it. */
export async function revealSpan(uri: Uri, { start, end }: { start: number; end: number }): Promise<void> {
  const document = await workspace.openTextDocument(uri);
  const shown = visibleEditor(uri.toString());
  const selection = new Range(document.positionAt(start), document.positionAt(end));
  const editor = await window.showTextDocument(document, {
    viewColumn: shown?.viewColumn ?? columnBeside(),
    selection,
    preserveFocus: false,
  });
  editor.revealRange(selection, TextEditorRevealType.InCenterIfOutsideViewport);
}

/** How long a panel may take to become active after a click into it. */
const ACTIVE_WITHIN_MILLISECONDS = 300;

/**
 * Settles when a panel that was clicked has become the active editor. Who moves the focus before that loses it again: the click itself
 * reaches the editor later than what the panel asks for.
 */
export async function clickHasArrived(panel: WebviewPanel): Promise<void> {
  if (panel.active) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      changed.dispose();
      resolve();
    };
    const timer = setTimeout(done, ACTIVE_WITHIN_MILLISECONDS);
    const changed = panel.onDidChangeViewState(() => {
      if (panel.active) done();
    });
  });
}
