import {
  type Connection,
  LSPErrorCodes,
  MarkupKind,
  type Range,
  ResponseError,
  type ServerCapabilities,
  type TextDocuments,
} from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { completeRecipe, completionItem } from "./recipe-completion.ts";
import { isRecipe } from "./recipe-diagnostics.ts";
import { type RecipeDocument, recipeDocument } from "./recipe-document.ts";
import { hoverRecipe } from "./recipe-hover.ts";
import { nameProblem, type Occurrence, occurrenceAt, occurrences, sameName } from "./recipe-names.ts";
import { recipeSymbols } from "./recipe-symbols.ts";

export const RECIPE_CAPABILITIES = {
  completionProvider: { triggerCharacters: [".", " ", "/"] },
  hoverProvider: true,
  definitionProvider: true,
  referencesProvider: true,
  documentSymbolProvider: true,
  renameProvider: { prepareProvider: true },
} as const satisfies ServerCapabilities;

interface At {
  text: TextDocument;
  document: RecipeDocument;
}

/** The editor's help in recipes. Of other documents nothing is said. */
export function serveRecipe(connection: Connection, documents: TextDocuments<TextDocument>): void {
  const open = (uri: string): At | null => {
    const text = isRecipe(uri) ? documents.get(uri) : undefined;
    const document = text === undefined ? null : recipeDocument(text);
    return text === undefined || document === null ? null : { text, document };
  };
  const named = (at: At, position: Range["start"]): { all: Occurrence[]; name: Occurrence | null } => {
    const all = occurrences(at.document);
    return { all, name: occurrenceAt(all, at.document.source, at.text.offsetAt(position)) };
  };

  connection.onCompletion(({ textDocument: { uri }, position }) => {
    const at = open(uri);
    if (at === null) return null;
    const { proposals, span } = completeRecipe(at.document, at.text.offsetAt(position));
    return proposals.map((proposal) => completionItem(proposal, rangeOf(at, span)));
  });

  connection.onHover(({ textDocument: { uri }, position }) => {
    const at = open(uri);
    const hover = at === null ? null : hoverRecipe(at.document, at.text.offsetAt(position));
    if (at === null || hover === null) return null;
    return { contents: { kind: MarkupKind.Markdown, value: hover.markdown }, range: rangeOf(at, hover.span) };
  });

  connection.onDefinition(({ textDocument: { uri }, position }) => {
    const at = open(uri);
    if (at === null) return null;
    const { all, name } = named(at, position);
    const declared = name === null ? undefined : all.find((one) => one.declares && sameName(name)(one));
    return declared === undefined ? null : { uri, range: rangeOf(at, declared.span) };
  });

  connection.onReferences(({ textDocument: { uri }, position, context }) => {
    const at = open(uri);
    if (at === null) return null;
    const { all, name } = named(at, position);
    if (name === null) return null;
    return all
      .filter((one) => sameName(name)(one) && (context.includeDeclaration || !one.declares))
      .map(({ span }) => ({ uri, range: rangeOf(at, span) }));
  });

  connection.onDocumentSymbol(({ textDocument: { uri } }) => {
    const at = open(uri);
    return at === null ? null : recipeSymbols(at.document, at.text);
  });

  connection.onPrepareRename(({ textDocument: { uri }, position }) => {
    const at = open(uri);
    if (at === null) return null;
    const { all, name } = named(at, position);
    if (name === null || nameProblem(all, name, name.name) !== null) return null;
    return { range: rangeOf(at, name.span), placeholder: name.name };
  });

  connection.onRenameRequest(({ textDocument: { uri }, position, newName }) => {
    const at = open(uri);
    if (at === null) return null;
    const { all, name } = named(at, position);
    if (name === null) return null;
    const problem = nameProblem(all, name, newName);
    if (problem !== null) return new ResponseError(LSPErrorCodes.RequestFailed, problem);
    const edits = all.filter(sameName(name)).map(({ span }) => ({ range: rangeOf(at, span), newText: newName }));
    return { changes: { [uri]: edits } };
  });
}

const rangeOf = ({ text }: At, [start, end]: readonly [number, number]): Range => ({
  start: text.positionAt(start),
  end: text.positionAt(end),
});
