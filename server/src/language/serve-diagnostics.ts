import type { Connection, TextDocuments } from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { parsedTemplate } from "./parsed.ts";
import { isRecipe, recipeDiagnostics } from "./recipe-diagnostics.ts";
import { templateDiagnostics } from "./template-diagnostics.ts";

/** Tells the editor what is wrong with each open template and recipe, at every change. */
export function serveDiagnostics(connection: Connection, documents: TextDocuments<TextDocument>): void {
  documents.onDidChangeContent(({ document }) => {
    const { uri, version, languageId } = document;
    if (languageId === "prompty")
      void connection.sendDiagnostics({ uri, version, diagnostics: templateDiagnostics(parsedTemplate(document)) });
    else if (isRecipe(uri)) void connection.sendDiagnostics({ uri, version, diagnostics: recipeDiagnostics(document) });
  });
  documents.onDidClose(({ document }) => void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] }));
}
