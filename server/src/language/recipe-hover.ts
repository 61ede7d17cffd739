import type { EndpointDeclaration } from "#protocol/endpoints.ts";
import type { Host } from "../recipe/host.ts";
import { HERE } from "../recipe/hosts.ts";
import { exampleOf, wantedOf } from "../recipe/issue-of-part.ts";
import { bare, formsOf, shapeOf } from "../recipe/roles.ts";
import type { Step } from "../recipe/steps.ts";
import { isVerb } from "../recipe/verbs.ts";
import { expectedAt, holds, locate, type RecipeDocument, valuesOf, verbWords } from "./recipe-document.ts";
import { type Occurrence, occurrenceAt, occurrences, sameName } from "./recipe-names.ts";

export interface Hover {
  /** Markdown in which nothing of the recipe's own text can be more than text. */
  markdown: string;
  span: [start: number, end: number];
}

/** What stands at a place of a recipe, in words; null where there is nothing to say. */
export function hoverRecipe(document: RecipeDocument, offset: number): Hover | null {
  const { source, yaml } = document;
  const all = occurrences(document);
  const name = occurrenceAt(all, source, offset);
  if (name !== null) return { markdown: nameWords(name, all, document), span: name.span };
  const found = locate(yaml.contents, holds(offset));
  const range = found?.node.range;
  if (found === null || !range) return null;
  const span: [number, number] = [range[0], range[1]];
  const { value } = found.node;
  if (found.on === "value" && found.path.at(-1) === "verb" && isVerb(value))
    return { markdown: `**${value}** ${plain(verbWords(value))}`, span };
  const expected = expectedAt(found.path, valuesOf(yaml));
  if (expected === null) return null;
  const { description, default: otherwise } = bare(expected.schema);
  const words =
    description ??
    formsOf(expected.schema)
      .map((form) => bare(form).description)
      .find((text) => text !== null) ??
    null;
  const key = String(found.path.at(-1));
  const example = exampleOf(expected.schema);
  const group = formsOf(expected.schema).every((form) => shapeOf(form) === "group");
  const lines = [
    `**${plain(key)}**${words === null ? "" : ` ${plain(words)}`}`,
    group ? null : `It is ${plain(wantedOf(expected.schema))}.`,
    otherwise === undefined || typeof otherwise === "object" ? null : `Unless told: ${code(String(otherwise))}`,
    example === null ? null : code(`${key}: ${example}`),
  ];
  return { markdown: lines.filter((line) => line !== null).join("\n\n"), span };
}

function nameWords({ part, name }: Occurrence, all: readonly Occurrence[], { recipe }: RecipeDocument): string {
  const uses = all.filter((one) => !one.declares && sameName({ part, name })(one)).length;
  const used = uses === 0 ? "Nothing uses it." : uses === 1 ? "Used once." : `Used ${uses} times.`;
  const step = part === "steps" ? recipe.steps.get(name) : undefined;
  if (step !== undefined) return stepWords(step, used);
  if (part === "endpoints") return `${endpointWords(name, recipe.endpoints.get(name) ?? null)}\n\n${used}`;
  if (part === "hosts") return `${hostWords(name, recipe.hosts.get(name) ?? null)}\n\n${used}`;
  return `**${plain(name)}** There is no step of this name that can be read.`;
}

const GIVES = { seeds: "seeds", rows: "rows", model: "a model", scores: "scores", report: "a report", file: "a file" } as const;

function stepWords({ name, verb, gives, host, frozen, references }: Step, used: string): string {
  const inputs = [...new Set(references.map((reference) => reference.name))];
  return [
    `**${code(`steps.${name}`)}** ${plain(verb)}: gives ${gives === null ? "whatever its command writes" : GIVES[gives]}`,
    plain(verbWords(verb)),
    [
      host === HERE ? null : `Runs on ${code(host)}.`,
      frozen ? "Frozen." : null,
      inputs.length === 0 ? null : `Uses ${inputs.map((input) => code(`steps.${input}`)).join(", ")}.`,
      used,
    ]
      .filter((text) => text !== null)
      .join(" "),
  ].join("\n\n");
}

function endpointWords(name: string, declared: EndpointDeclaration | null): string {
  if (declared === null) return `**${plain(name)}** There is no endpoint of this name that can be read.`;
  const { price, embedded, model, base_url } = declared;
  const where = embedded ? "embedded, on this machine" : `at ${code(base_url ?? "")}`;
  const cost = price === null ? "" : ` ${price.prompt} and ${price.completion} per million tokens of prompt and completion.`;
  return `**${code(name)}** ${code(model)} ${where}.${cost}`;
}

function hostWords(name: string, host: Host | null): string {
  if (host === null)
    return name === HERE ? `**${code(HERE)}** This machine.` : `**${plain(name)}** There is no host of this name that can be read.`;
  const where = host.ssh === undefined ? "This machine" : `${code(host.ssh)} by ssh`;
  const queue = host.slurm === undefined ? "" : ", through Slurm";
  return `**${code(name)}** ${where}${queue}.${host.root === undefined ? "" : ` Its folder is ${code(host.root)}.`}`;
}

/** Text as Markdown shows it, without any of it being Markdown. */
const plain = (text: string): string => text.replace(/[\\`*_{}[\]()#+\-.!|<>~&]/g, "\\$&").replace(/\s+/g, " ");

/** Text in a span of code, which neither links nor ends early. */
const code = (text: string): string => `\`${text.replace(/[`\s]+/g, " ").trim() || " "}\``;
