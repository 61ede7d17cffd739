import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { IGrammar, IRawGrammar, StateStack } from "vscode-textmate";
import { root } from "../../scripts/root.ts";

const require = createRequire(import.meta.url);
const { INITIAL, Registry } = require("vscode-textmate") as typeof import("vscode-textmate");
const { createOnigScanner, createOnigString, loadWASM } = require("vscode-oniguruma") as typeof import("vscode-oniguruma");

/** Stands for the editor's YAML: a quoted text and a bracket that reach over lines, as half-typed ones do. */
const YAML: IRawGrammar = {
  scopeName: "source.yaml",
  repository: {} as IRawGrammar["repository"],
  patterns: [
    { name: "string.quoted.double.yaml", begin: '"', end: '"' },
    { name: "meta.flow-sequence.yaml", begin: "\\[", end: "\\]" },
    { name: "entity.name.tag.yaml", match: "^\\w+(?=:)" },
  ],
};

export interface Token {
  line: number;
  text: string;
  scopes: string[];
}

/** The grammar that ships, in the tokenizer of the editor. */
export async function loadPrompty(): Promise<(text: string) => Token[]> {
  await loadWASM(readFileSync(require.resolve("vscode-oniguruma/release/onig.wasm")));
  const file = join(root, "client", "language", "prompty.tmLanguage.json");
  const registry = new Registry({
    onigLib: Promise.resolve({ createOnigScanner, createOnigString }),
    loadGrammar: async (scope) =>
      scope === "source.yaml" ? YAML : scope === "source.prompty" ? (JSON.parse(readFileSync(file, "utf8")) as IRawGrammar) : null,
  });
  const grammar = await registry.loadGrammar("source.prompty");
  if (grammar === null) throw new Error("the grammar does not load");
  return (text) => tokenize(grammar, text);
}

function tokenize(grammar: IGrammar, text: string): Token[] {
  let state: StateStack = INITIAL;
  return text.split("\n").flatMap((line, at) => {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    state = ruleStack;
    return tokens.map(({ startIndex, endIndex, scopes }) => ({ line: at + 1, text: line.slice(startIndex, endIndex), scopes }));
  });
}
