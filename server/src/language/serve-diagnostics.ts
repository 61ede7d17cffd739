import type { Connection, TextDocuments } from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { isRecipe } from "./is-recipe.ts";
import { parsedTemplate } from "./parsed.ts";
import { templateDiagnostics } from "./template-diagnostics.ts";

/** Tells the editor what is wrong with each open template and recipe, at every change. */
export function serveDiagnostics(connection: Connection, documents: TextDocuments<TextDocument>): void {
  documents.onDidChangeContent(({ document }) => {
    const { uri, version, languageId } = document;
    if (languageId === "prompty")
      void connection.sendDiagnostics({ uri, version, diagnostics: templateDiagnostics(parsedTemplate(document)) });
    else if (isRecipe(uri)) void tellRecipe(document);
  });
  documents.onDidClose(({ document }) => void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] }));

  async function tellRecipe({ uri, version }: TextDocument): Promise<void> {
    const { recipeDiagnostics } = await import("./recipe-diagnostics.ts");
    const document = documents.get(uri);
    // Typed on or closed meanwhile: the next change tells, or there is nobody to tell.
    if (document?.version === version) void connection.sendDiagnostics({ uri, version, diagnostics: recipeDiagnostics(document) });
  }
}
