import { type DocumentSymbol, SymbolKind } from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { isNode } from "yaml";
import { keyOf, spanOf } from "../recipe/nodes.ts";
import { declaredEntries, type RecipeDocument } from "./recipe-document.ts";

const PARTS = [
  ["endpoints", SymbolKind.Interface],
  ["hosts", SymbolKind.Module],
  ["steps", SymbolKind.Function],
] as const;

/** The outline of a recipe: its parts, and what each declares. */
export function recipeSymbols(document: RecipeDocument, text: TextDocument): DocumentSymbol[] {
  const { source, yaml, recipe } = document;
  const rangeOf = ([start, end]: readonly [number, number]) => ({ start: text.positionAt(start), end: text.positionAt(end) });
  return PARTS.flatMap(([part, kind]) => {
    const children = declaredEntries(document, part).flatMap((entry): DocumentSymbol[] => {
      const name = keyOf(entry);
      if (name === null || name === "") return [];
      const key = spanOf(entry.key, source);
      const end = Math.max(key[1], isNode(entry.value) ? spanOf(entry.value, source)[1] : 0);
      const detail =
        part === "steps"
          ? recipe.steps.get(name)?.verb
          : part === "endpoints"
            ? recipe.endpoints.get(name)?.model
            : recipe.hosts.get(name)?.ssh;
      return [{ name, kind, ...(detail === undefined ? {} : { detail }), range: rangeOf([key[0], end]), selectionRange: rangeOf(key) }];
    });
    const [first] = children;
    const last = children.at(-1);
    if (first === undefined || last === undefined || yaml.contents === null) return [];
    const range = { start: first.range.start, end: last.range.end };
    return [{ name: part, kind: SymbolKind.Namespace, range, selectionRange: first.selectionRange, children }];
  });
}
