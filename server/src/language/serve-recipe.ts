import type { Connection, ServerCapabilities, TextDocuments } from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { isRecipe } from "./is-recipe.ts";

export const RECIPE_CAPABILITIES = {
  completionProvider: { triggerCharacters: [".", " ", "/"] },
  hoverProvider: true,
  definitionProvider: true,
  referencesProvider: true,
  documentSymbolProvider: true,
  renameProvider: { prepareProvider: true },
} as const satisfies ServerCapabilities;

/** The editor's help in recipes. Of other documents nothing is said, and nothing that only recipes need is loaded before one is open. */
export function serveRecipe(connection: Connection, documents: TextDocuments<TextDocument>): void {
  type Answers = typeof import("./recipe-answers.ts");
  const about = async <T>({ uri }: { uri: string }, ask: (answers: Answers, text: TextDocument) => T): Promise<T | null> => {
    if (!isRecipe(uri)) return null;
    const answers = await import("./recipe-answers.ts");
    const text = documents.get(uri);
    return text === undefined ? null : ask(answers, text);
  };
  connection.onCompletion(({ textDocument, position }) => about(textDocument, ({ completions }, text) => completions(text, position)));
  connection.onHover(({ textDocument, position }) => about(textDocument, ({ hover }, text) => hover(text, position)));
  connection.onDefinition(({ textDocument, position }) => about(textDocument, ({ definition }, text) => definition(text, position)));
  connection.onReferences(({ textDocument, position, context }) =>
    about(textDocument, ({ references }, text) => references(text, position, context.includeDeclaration)),
  );
  connection.onDocumentSymbol(({ textDocument }) => about(textDocument, ({ symbols }, text) => symbols(text)));
  connection.onPrepareRename(({ textDocument, position }) => about(textDocument, ({ renamed }, text) => renamed(text, position)));
  connection.onRenameRequest(({ textDocument, position, newName }) =>
    about(textDocument, ({ rename }, text) => rename(text, position, newName)),
  );
}
