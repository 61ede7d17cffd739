import {
  type CompletionItem,
  type DocumentSymbol,
  type Hover,
  type Location,
  LSPErrorCodes,
  MarkupKind,
  type Position,
  type Range,
  ResponseError,
  type WorkspaceEdit,
} from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { completeRecipe, completionItem } from "./recipe-completion.ts";
import { recipeDocument } from "./recipe-document.ts";
import { hoverRecipe } from "./recipe-hover.ts";
import { nameProblem, type Occurrence, occurrenceAt, occurrences, renameProblem, sameName } from "./recipe-names.ts";
import { recipeSymbols } from "./recipe-symbols.ts";

/** What is asked about an open recipe, answered as the protocol wants it. Null: there is nothing, or the text cannot be read. */

export function completions(text: TextDocument, position: Position): CompletionItem[] | null {
  const document = recipeDocument(text);
  if (document === null) return null;
  const { proposals, span } = completeRecipe(document, text.offsetAt(position));
  return proposals.map((proposal) => completionItem(proposal, rangeOf(text, span)));
}

export function hover(text: TextDocument, position: Position): Hover | null {
  const document = recipeDocument(text);
  const found = document === null ? null : hoverRecipe(document, text.offsetAt(position));
  return found === null ? null : { contents: { kind: MarkupKind.Markdown, value: found.markdown }, range: rangeOf(text, found.span) };
}

export function definition(text: TextDocument, position: Position): Location | null {
  const { all, name } = named(text, position);
  const declared = name === null ? undefined : all.find((one) => one.declares && sameName(name)(one));
  return declared === undefined ? null : { uri: text.uri, range: rangeOf(text, declared.span) };
}

export function references(text: TextDocument, position: Position, declaration: boolean): Location[] | null {
  const { all, name } = named(text, position);
  if (name === null) return null;
  return all
    .filter((one) => sameName(name)(one) && (declaration || !one.declares))
    .map(({ span }) => ({ uri: text.uri, range: rangeOf(text, span) }));
}

export function symbols(text: TextDocument): DocumentSymbol[] | null {
  const document = recipeDocument(text);
  return document === null ? null : recipeSymbols(document, text);
}

/** The name that can be changed at a place. */
export function renamed(text: TextDocument, position: Position): { range: Range; placeholder: string } | null {
  const { all, name } = named(text, position);
  if (name === null || nameProblem(all, name, name.name) !== null) return null;
  return { range: rangeOf(text, name.span), placeholder: name.name };
}

export function rename(text: TextDocument, position: Position, newName: string): WorkspaceEdit | ResponseError | null {
  const document = recipeDocument(text);
  const { all, name } = named(text, position);
  if (document === null || name === null) return null;
  const problem = nameProblem(all, name, newName) ?? renameProblem(document);
  if (problem !== null) return new ResponseError(LSPErrorCodes.RequestFailed, problem);
  return { changes: { [text.uri]: all.filter(sameName(name)).map(({ span }) => ({ range: rangeOf(text, span), newText: newName })) } };
}

function named(text: TextDocument, position: Position): { all: Occurrence[]; name: Occurrence | null } {
  const document = recipeDocument(text);
  const all = document === null ? [] : occurrences(document);
  return { all, name: document === null ? null : occurrenceAt(all, document.source, text.offsetAt(position)) };
}

const rangeOf = (text: TextDocument, [start, end]: readonly [number, number]): Range => ({
  start: text.positionAt(start),
  end: text.positionAt(end),
});
