import type { PreviewInput, PreviewSegment, Rendering } from "#protocol/messages/preview.ts";
import type { ContentPart, Segment } from "#protocol/template.ts";
import type { Position } from "../prompty/positions.ts";
import { isRich } from "../prompty/property.ts";
import type { Rendered } from "../prompty/render.ts";
import type { Template } from "../prompty/template.ts";
import { placeholder } from "../prompty/thread.ts";

type Messages = Rendering["messages"];

/** The most that is shown of a part that is no text: data of an image says nothing to a reader. */
const PART_CHARACTERS = 80;

interface Reading {
  source: string;
  kinds: ReadonlyMap<string, string>;
  inputs: readonly PreviewInput[];
  positions: (offset: number) => Position;
}

/**
 * The messages of a rendering as runs of text, each with the input that it came from and its place in the template. Put together, the
 * runs of a message are what is sent, to the letter; where that could not be traced, the message is one run of the template's.
 */
export function previewMessages(
  template: Template,
  rendered: Rendered,
  inputs: readonly PreviewInput[],
  positions: (offset: number) => Position,
): Messages {
  const reading: Reading = {
    source: template.source,
    kinds: new Map(template.inputs.map(({ name, kind }) => [name, kind])),
    inputs,
    positions,
  };
  if (template.profile.completion) {
    const segments = rendered.segments.filter(({ text }) => text !== "").map((segment) => toPreview(segment, segment.text, reading));
    return [{ role: null, segments }];
  }
  const byMessage = new Map<number, Segment[]>();
  for (const segment of rendered.segments) {
    const own = byMessage.get(segment.message);
    if (own === undefined) byMessage.set(segment.message, [segment]);
    else own.push(segment);
  }
  let thread: Segment | null = null;
  return rendered.messages.map((message, index) => {
    const own: Segment[] = byMessage.get(index) ?? [];
    thread = own.find((segment) => kindOf(segment, reading) === "thread") ?? (own.length === 0 ? thread : null);
    if (thread !== null) {
      const from = thread;
      const segments = message.content.map(({ kind, value }) => ({ ...toPreview(from, value, reading), ...partOf(kind, value) }));
      return { role: message.role, segments };
    }
    const segments = ownSegments(own, message.content, reading);
    const shown = segments.filter(({ part }) => part === undefined).map(({ text }) => text);
    const sent = message.content.filter(({ kind }) => kind === "text").map(({ value }) => value);
    if (shown.join("") === sent.join("")) return { role: message.role, segments };
    const [first] = own;
    const span = { start: first?.span.start ?? template.body.start, end: own.at(-1)?.span.end ?? template.body.end };
    return { role: message.role, segments: [{ text: sent.join(""), input: null, line: positions(span.start).line, span }] };
  });
}

const kindOf = ({ kind, source }: Segment, { kinds }: Reading): string | undefined =>
  kind === "interp" && source !== null ? kinds.get(source) : undefined;

/** The runs of a message that is no conversation of its own: line ends at the edges of its texts are not sent. */
function ownSegments(own: readonly Segment[], content: readonly ContentPart[], reading: Reading): PreviewSegment[] {
  const parts = content.filter(({ kind }) => kind !== "text");
  const segments: PreviewSegment[] = [];
  let text: PreviewSegment[] = [];
  const flush = () => {
    segments.push(...trimNewlines(text, reading.source));
    text = [];
  };
  for (const segment of own) {
    const kind = kindOf(segment, reading);
    const rich = kind !== undefined && isRich(kind) && segment.text === placeholder(segment.source ?? "");
    if (!rich) {
      text.push(toPreview(segment, segment.text, reading));
      continue;
    }
    flush();
    segments.push({ ...toPreview(segment, "", reading), ...partOf(kind, parts.shift()?.value ?? "") });
  }
  flush();
  return segments;
}

function partOf(kind: string, value: string): Partial<PreviewSegment> {
  if (kind === "text" || kind === "thread") return {};
  const text = value.length > PART_CHARACTERS ? `${value.slice(0, PART_CHARACTERS)}…` : value;
  return { text, part: kind as NonNullable<PreviewSegment["part"]> };
}

function toPreview({ kind, source, span }: Segment, text: string, { inputs, positions }: Reading): PreviewSegment {
  const input = kind === "interp" && source !== null ? inputs.findIndex(({ name }) => name === source) : -1;
  return { text, input: input === -1 ? null : input, line: positions(span.start).line, span };
}

/** Takes the line ends off both edges of a text, however many runs they go through. */
function trimNewlines(segments: readonly PreviewSegment[], source: string): PreviewSegment[] {
  const kept = segments.filter(({ text }) => text !== "");
  while (kept.length > 0) {
    const first = kept[0] as PreviewSegment;
    const cut = /^\n*/.exec(first.text)?.[0].length ?? 0;
    if (cut > 0) kept[0] = cutStart(first, cut, source);
    if (cut < first.text.length) break;
    kept.shift();
  }
  while (kept.length > 0) {
    const last = kept.at(-1) as PreviewSegment;
    let end = last.text.length;
    while (end > 0 && last.text[end - 1] === "\n") end--;
    if (end < last.text.length) kept[kept.length - 1] = { ...last, text: last.text.slice(0, end) };
    if (end > 0) break;
    kept.pop();
  }
  return kept;
}

/** A value keeps its expression's place; text of the template moves on with it, past line ends of one character or two. */
function cutStart(segment: PreviewSegment, newlines: number, source: string): PreviewSegment {
  const text = segment.text.slice(newlines);
  if (segment.input !== null) return { ...segment, text };
  let start = segment.span.start;
  for (let passed = 0; passed < newlines; passed++) start += source.startsWith("\r\n", start) ? 2 : 1;
  return { ...segment, text, line: segment.line + newlines, span: { ...segment.span, start } };
}
