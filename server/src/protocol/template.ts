import type { Problem } from "./errors.ts";

/** Half-open span of UTF-16 offsets into a template's source text, as the editor counts. */
export interface Span {
  start: number;
  end: number;
}

/** A finding about a template, at its place in the source. The file's name is added by whoever read the file. */
export interface Diagnostic extends Problem {
  severity: "error" | "warning";
  span: Span;
}

export type Role = "system" | "developer" | "user" | "assistant" | "tool";

export interface ContentPart {
  kind: "text" | "image" | "file" | "audio";
  value: string;
  mediaType?: string;
}

export interface Message {
  role: Role;
  content: ContentPart[];
  metadata?: Record<string, unknown>;
}

/**
 * A piece of rendered text and where it came from.
 * `literal`: copied from the template; `interp`: the value of the expression at `span`, whose first name is `source`.
 */
export interface Segment {
  kind: "literal" | "interp";
  text: string;
  /** The input that the text came from, null for literals. */
  source: string | null;
  /** Whether a role marker inside the value is an error instead of text. */
  strict: boolean;
  /** The literal or the expression in the template's source. */
  span: Span;
  /** Which message of the rendering the text landed in, -1 for what stands before the first message or was a role marker. */
  message: number;
}

/** The education stages of the paper (design, section 1). */
export const STAGES = ["grade", "middle", "high", "college", "amc8", "amc10", "amc12", "aime"] as const;
export type Stage = (typeof STAGES)[number];

/** `nl`: a solution in prose. `tool`: a Python program, its output and a short conclusion. */
export const FORMATS = ["nl", "tool"] as const;
export type Format = (typeof FORMATS)[number];

/** How a response becomes a problem; `metadata.jiuzhang.parse` of a template. */
export interface ParseRule {
  /** `sections`: headings as given; `json`: an object with the named fields; `continue`: a completion that goes on after the prompt's last heading. */
  form: "sections" | "json" | "continue";
  /** Heading (or JSON field) of the problem; for `continue` the text up to the solution's heading. */
  problem: string;
  /** Heading (or JSON field) of the solution. */
  solution: string;
  /** Where the answer is found: in `\boxed{}`, after "The answer is", in either of these (`any`), or as the output of the program. */
  answer: "boxed" | "phrase" | "any" | "program";
}

/** What a template says about itself under `metadata.jiuzhang`. */
export interface TemplateProfile {
  stage: Stage | null;
  format: Format | null;
  parse: ParseRule;
  /** The body is a raw prompt for `/v1/completions`. */
  completion: boolean;
}
