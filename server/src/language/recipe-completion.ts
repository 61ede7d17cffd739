import { type CompletionItem, CompletionItemKind, MarkupKind, type Range } from "vscode-languageserver/node";
import * as z from "zod";
import { HERE } from "../recipe/hosts.ts";
import { exampleOf } from "../recipe/issue-of-part.ts";
import { keyOf } from "../recipe/nodes.ts";
import { parseYaml } from "../recipe/parse.ts";
import { bare, formsOf, type Kind, keysOf, membersOf, type Path } from "../recipe/roles.ts";
import { VERB_NAMES } from "../recipe/verbs.ts";
import { declaredEntries, expectedAt, locate, MOST_CHARACTERS, type RecipeDocument, valuesOf, verbWords } from "./recipe-document.ts";

/** A proposal, and the text that it replaces as half-open offsets. */
export interface Proposal {
  label: string;
  insert: string;
  kind: CompletionItemKind;
  detail?: string;
  documentation?: string;
  /** Those with a smaller number come first. */
  rank: number;
}

export interface Completion {
  proposals: Proposal[];
  span: [start: number, end: number];
}

/** Stands where the cursor is, so that half-typed text has a place in the tree. */
const MARK = "zzCursorzz";

/** What a word of a recipe that can be completed is made of. */
const IN_WORD = /[^\s{}[\],:"'#]/;

/** Nothing that is proposed is longer. Characters. */
const LONGEST_WORD = 1000;

/** What may be written at the cursor of a recipe. */
export function completeRecipe({ source, recipe, yaml }: RecipeDocument, offset: number): Completion {
  // Step by step: an expression that ends at the cursor is tried from every place before it.
  let start = offset;
  while (start > 0 && IN_WORD.test(source.charAt(start - 1))) start--;
  let end = offset;
  while (end < source.length && IN_WORD.test(source.charAt(end))) end++;
  const span: [number, number] = [start, end];
  const nothing: Completion = { proposals: [], span };
  const line = source.slice(start === 0 ? 0 : source.lastIndexOf("\n", start - 1) + 1, start);
  if (source.length > MOST_CHARACTERS || end - start > LONGEST_WORD || /(?:^|\s)#/.test(line)) return nothing;
  const rest = source.slice(end, source.indexOf("\n", end) === -1 ? source.length : source.indexOf("\n", end));
  const named = /^["']?\s*:(?:\s|$)/.test(rest);
  // Alone in its line it is the beginning of a key, whatever the next line makes of it.
  const colon = /^\s*$/.test(line) && /^\s*(?:#.*)?$/.test(rest) ? ":" : "";
  const marked = parseYaml(`${source.slice(0, start)}${MARK}${colon}${source.slice(end)}`);
  const found = marked === null ? null : locate(marked.contents, ({ value }) => value === MARK);
  if (marked === null || found === null) return nothing;
  const values = valuesOf(marked);
  if (found.on === "key") {
    const written = withoutMark(values, found.path.slice(0, -1));
    return { span, proposals: keysAt(found.path.slice(0, -1), values, written, named) };
  }
  const expected = expectedAt(found.path, values);
  if (expected === null) return nothing;
  const proposals = valuesAt(found.path, expected, { recipe, yaml, source });
  // An item of a list may be a group, whose first key is written beside the dash; the same where the file begins.
  if (/(?:-\s+|^)$/.test(line))
    proposals.push(...keysAt(found.path, values, [], named).map((key) => ({ ...key, rank: key.rank + proposals.length })));
  return { span, proposals };
}

function withoutMark(values: unknown, path: Path): string[] {
  let at = values;
  for (const key of path) at = typeof at === "object" && at !== null ? (at as Record<string | number, unknown>)[key] : undefined;
  return typeof at === "object" && at !== null ? Object.keys(at).filter((key) => key !== MARK) : [];
}

function keysAt(path: Path, values: unknown, written: readonly string[], named: boolean): Proposal[] {
  const expected = expectedAt(path, values);
  if (expected === null) return [];
  const group = formsOf(expected.schema).find((form) => membersOf(form) !== null);
  const members = group === undefined ? {} : (membersOf(group) ?? {});
  return keysOf(expected.schema)
    .filter((key) => !written.includes(key))
    .map((key, k) => {
      const schema = members[key];
      const meta = schema === undefined ? null : bare(schema);
      const needed =
        schema !== undefined && !(schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault);
      const example = schema === undefined ? null : exampleOf(schema);
      return {
        label: key,
        insert: named ? key : `${key}: `,
        kind: CompletionItemKind.Property,
        ...(needed ? { detail: "needed" } : {}),
        documentation: [meta?.description ?? "", example === null ? "" : `${key}: ${example}`].filter((text) => text !== "").join("\n\n"),
        rank: (needed ? 0 : 1000) + k,
      };
    });
}

const TEMPLATES = ["prompts/**/*.prompty", "prompts/nl/*.prompty", "prompts/tool/*.prompty"];
const CONDITIONS = ["accepted", "label=keep", "verdict.parse=pass"];

function valuesAt(path: Path, { schema, inStep }: NonNullable<ReturnType<typeof expectedAt>>, document: RecipeDocument): Proposal[] {
  const proposals: Proposal[] = [];
  const add = (label: string, kind: CompletionItemKind, detail: string | null = null, documentation: string | null = null) => {
    if (proposals.some((known) => known.label === label)) return;
    const more = { ...(detail === null ? {} : { detail }), ...(documentation === null ? {} : { documentation }) };
    proposals.push({ label, insert: label, kind, rank: proposals.length, ...more });
  };
  if (path.length === 3 && path[0] === "steps" && path[2] === "verb") {
    for (const verb of VERB_NAMES) add(verb, CompletionItemKind.Function, null, verbWords(verb));
    return proposals;
  }
  for (const form of [bare(schema).schema, ...formsOf(schema)]) {
    const role = bare(form).role ?? bare(schema).role;
    if (role?.is === "input")
      for (const step of stepsFor(role.kinds, inStep, document)) add(`steps.${step.name}`, CompletionItemKind.Reference, step.detail);
    if (role?.is === "endpoint")
      for (const [name, declared] of document.recipe.declared.endpoints) add(name, CompletionItemKind.Reference, declared?.model ?? null);
    if (role?.is === "host") {
      add(HERE, CompletionItemKind.Reference, "this machine");
      for (const entry of declaredEntries(document, "hosts")) {
        const name = keyOf(entry);
        if (name !== null) add(name, CompletionItemKind.Reference, document.recipe.hosts.get(name)?.ssh ?? null);
      }
    }
    if (role?.is === "templates") for (const pattern of TEMPLATES) add(pattern, CompletionItemKind.File);
    if (role?.is === "where") for (const condition of CONDITIONS) add(condition, CompletionItemKind.Value);
    if (form instanceof z.ZodEnum) for (const word of form.options.map(String)) add(word, CompletionItemKind.EnumMember);
    if (form instanceof z.ZodBoolean) for (const word of ["true", "false"]) add(word, CompletionItemKind.Value);
    if (form instanceof z.ZodLiteral) for (const word of form.values) add(String(word), CompletionItemKind.Value);
  }
  const example = exampleOf(schema);
  if (proposals.length === 0 && example !== null) add(example, CompletionItemKind.Value, "example");
  return proposals;
}

function stepsFor(kinds: readonly Kind[], inStep: string | null, { recipe }: RecipeDocument): { name: string; detail: string }[] {
  return [...recipe.steps.values()]
    .filter(({ name, gives }) => name !== inStep && (gives === null || kinds.includes(gives)))
    .map(({ name, verb, gives }) => ({ name, detail: `${verb}: ${gives ?? "anything"}` }));
}

/** As the protocol wants it, for a range of the document. */
export function completionItem(proposal: Proposal, range: Range): CompletionItem {
  const { label, insert, kind, detail, documentation, rank } = proposal;
  return {
    label,
    kind,
    ...(detail === undefined ? {} : { detail }),
    ...(documentation === undefined || documentation === "" ? {} : { documentation: { kind: MarkupKind.PlainText, value: documentation } }),
    sortText: String(rank).padStart(5, "0"),
    filterText: label,
    textEdit: { range, newText: insert },
  };
}
