import { z } from "zod";
import type { Problem } from "../errors.ts";
import type { ContentPart, Role } from "../template.ts";
import { project, rowId } from "./shapes.ts";

/** What is previewed. */
const subject = {
  project: project.nullable(),
  /** The template's document: `file:` or `untitled:`. */
  uri: z.string().min(1),
  /** Null: sample values from the template's inputs. */
  seed: z.strictObject({ dataset: z.string(), id: rowId }).nullable(),
  /** Name of an endpoint of the project; null for the first. */
  endpoint: z.string().nullable(),
};

/** Messages behind the preview of a template. Client → server. */
export const previewRequests = {
  /** Renders a template as it stands in the editor (unsaved text included), with one seed, into what would be sent. */
  "preview/render": z.strictObject({
    ...subject,
    /** Wait for what the first answers leave open (`tokens.settled`), instead of answering at once. */
    settle: z.boolean().optional(),
  }),
  /** The whole wire body, or a shell command that sends it, for the clipboard: previews are cut, and most are never copied. */
  "preview/copy": z.strictObject({ ...subject, what: z.enum(["body", "curl"]) }),
  /** A seed to render with. `null` where the project has none. */
  "seeds/pick": z.strictObject({
    project,
    /** Null: the project's first dataset of seeds. */
    dataset: z.string().nullable(),
    pick: z.discriminatedUnion("how", [
      z.strictObject({ how: z.literal("first") }),
      z.strictObject({ how: z.literal("random") }),
      z.strictObject({ how: z.literal("longest") }),
      z.strictObject({ how: z.literal("next"), from: rowId }),
      z.strictObject({ how: z.literal("previous"), from: rowId }),
      /** The row of this number, from 1. */
      z.strictObject({ how: z.literal("at"), at: z.int().min(1) }),
      z.strictObject({ how: z.literal("id"), id: rowId }),
    ]),
  }),
  /** Seeds by search, for the row picker's list: at most 50. */
  "seeds/search": z.strictObject({ project, dataset: z.string().nullable(), search: z.string().max(1_000) }),
};

export interface PreviewResults {
  "preview/render": Preview;
  "preview/copy": { text: string };
  "seeds/pick": PickedSeed | null;
  "seeds/search": { seeds: PickedSeed[]; more: boolean };
}

export interface PickedSeed {
  dataset: string;
  id: string;
  /** Place among the dataset's rows, from 1; null where it would take long to count. */
  at: number | null;
  total: number;
  /** The section or the first words. */
  title: string;
  characters: number;
}

/** A template as it would be sent. Lines and columns count from 1, offsets are UTF-16 units of the template's text. */
export interface Preview {
  uri: string;
  /** Version of the document that was rendered; null where it was read from disk. */
  version: number | null;
  /** How problems and files name the template. */
  path: string;
  /** Everything that is wrong or odd, errors first. With an error `rendering` is null: the panel keeps its last good one. */
  problems: PreviewProblem[];
  rendering: Rendering | null;
  /** Milliseconds that the server took. */
  milliseconds: number;
}

export interface PreviewProblem extends Problem {
  severity: "error" | "warning";
  span: { start: number; end: number } | null;
}

export interface Rendering {
  /** One entry for a completion template, whose role is null. */
  messages: { role: Role | null; segments: PreviewSegment[] }[];
  inputs: PreviewInput[];
  /** `seed`: a row of a dataset; `sample`: made up from the inputs' declarations; `none`: the template needs no values. */
  values: { from: "seed"; seed: { dataset: string; id: string } } | { from: "sample" } | { from: "none" };
  wire: WirePreview;
  tokens: PreviewTokens;
  /** Characters that were left out of `messages`, because the whole is longer than PREVIEW_MAX_CHARACTERS; 0 mostly. */
  omitted: number;
}

export interface PreviewSegment {
  text: string;
  /** Number of the input in `inputs` that the text came from; null for the template's own text. */
  input: number | null;
  /** Line of the template that made it. */
  line: number;
  span: { start: number; end: number };
  /** Present where the part is no text. */
  part?: ContentPart["kind"];
  /** Present where so many characters were left out; the text is empty then. */
  omitted?: number;
}

export interface PreviewInput {
  name: string;
  /** Characters that it contributes. */
  characters: number;
  /** How often it was rendered; 0 is named as such in the legend. */
  times: number;
  from: "seed" | "default" | "sample" | "missing";
}

export interface WirePreview {
  /** Where it is sent to; `{base_url}` stands for the address of the embedded engine, which is not known before it runs. */
  url: string;
  /** The body as sent, members in the order sent, indented for reading. Cut as `messages` are. */
  body: string;
  /** The parts of `body` that came from inputs, in order. */
  marks: WireMark[];
  /** Null where it is not known: sample values, or an embedded model that has not been fetched. */
  key: string | null;
  /** Which sample of this template and seed it is, from 0: the ones before have been answered, and Generate asks for the next. */
  sample: number;
}

/** A half-open range of the wire body that came from an input. */
export interface WireMark {
  start: number;
  end: number;
  /** Number of the input in `inputs`. */
  input: number;
  /** The expression of the template that made it. */
  span: { start: number; end: number };
}

export interface PreviewTokens {
  prompt: number;
  /** Whether `prompt` was counted with the model's own tokenizer; else it is said to be about. */
  exact: boolean;
  /** False while the tokenizer is being loaded or what has been answered so far is being looked up: ask again with `settle`. */
  settled: boolean;
  /** Expected completion: the mean of what this template has got lately, or the limit that is asked for. */
  completion: { tokens: number; from: "answers" | "limit" } | null;
  /** Money per problem at the endpoint's declared price; null where it has none. */
  cost: number | null;
  endpoint: { name: string; model: string; embedded: boolean } | null;
}
