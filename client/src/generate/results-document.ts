import { Range, type TextDocument, TextEditorRevealType, WorkspaceEdit, window, workspace } from "vscode";
import { columnBeside } from "../panels/column.ts";
import { minimalEdit } from "./minimal-edit.ts";

/** A text that is written into an unsaved document while it grows. */
export interface ResultsDocument {
  readonly document: TextDocument;
  /** The text has changed: it is read and written within a moment. */
  changed(): void;
  /** Writes the last state. */
  end(): Promise<void>;
}

/** An editor that is written into more often than this flickers. */
const EVERY_MILLISECONDS = 100;

/**
 * Opens an unsaved Markdown document beside the active editor, which keeps the focus, and keeps it as `text` says. Where the user
 * writes in it, or closes it, it is theirs: what comes then is put at its end, once, or nowhere.
 */
export async function openResults(text: () => string): Promise<ResultsDocument> {
  let written = "";
  // Shown while it is empty: the editor opens a document that has a text, and is nowhere shown, in the active group by itself.
  const document = await workspace.openTextDocument({ language: "markdown" });
  const editor = await window.showTextDocument(document, { viewColumn: columnBeside(), preserveFocus: true, preview: false });
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();

  const write = async (): Promise<void> => {
    if (document.isClosed || normal(document.getText()) !== written) return;
    const next = text();
    const edit = minimalEdit(written, next);
    if (edit === null) return;
    const atEnd = endIsVisible();
    const change = new WorkspaceEdit();
    change.replace(document.uri, new Range(document.positionAt(edit.start), document.positionAt(edit.end)), edit.text);
    if (!(await workspace.applyEdit(change))) return;
    written = next;
    if (atEnd) reveal();
  };
  const endIsVisible = (): boolean => shown()?.visibleRanges.some(({ end }) => end.line >= document.lineCount - 2) === true;
  const reveal = () => {
    const end = document.lineAt(document.lineCount - 1).range;
    shown()?.revealRange(end, TextEditorRevealType.Default);
  };
  const shown = () => window.visibleTextEditors.find((one) => one === editor || one.document === document);

  writing = write();
  return {
    document,
    changed() {
      timer ??= setTimeout(() => {
        timer = undefined;
        writing = writing.then(write);
      }, EVERY_MILLISECONDS);
    },
    async end() {
      clearTimeout(timer);
      writing = writing.then(write);
      await writing;
      const last = text();
      if (document.isClosed || normal(document.getText()) === last) return;
      // It was edited meanwhile: nothing of that is touched.
      const change = new WorkspaceEdit();
      const start = sharedLines(written, last);
      change.insert(document.uri, document.lineAt(document.lineCount - 1).range.end, `\n\n${last.slice(start)}`);
      await workspace.applyEdit(change);
    },
  };
}

/** On some systems an editor writes line breaks otherwise. */
const normal = (text: string): string => text.replaceAll("\r\n", "\n");

/** Length of the whole lines that two texts begin with. */
function sharedLines(one: string, other: string): number {
  const edit = minimalEdit(one, other);
  return edit === null ? other.length : other.lastIndexOf("\n", edit.start - 1) + 1;
}
