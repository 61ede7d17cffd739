import type { Connection, TextDocuments } from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { parsedTemplate } from "./parsed.ts";
import { templateDiagnostics } from "./template-diagnostics.ts";

/** Tells the editor what is wrong with each open template, at every change. */
export function serveDiagnostics(connection: Connection, documents: TextDocuments<TextDocument>): void {
  documents.onDidChangeContent(({ document }) => {
    if (document.languageId !== "prompty") return;
    void connection.sendDiagnostics({
      uri: document.uri,
      version: document.version,
      diagnostics: templateDiagnostics(parsedTemplate(document)),
    });
  });
  documents.onDidClose(({ document }) => void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] }));
}
