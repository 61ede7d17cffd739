import type { Rendering, WireMark } from "#protocol/messages/preview.ts";

type Messages = Rendering["messages"];

interface Printed {
  body: string;
  marks: WireMark[];
}

/**
 * A wire body as indented JSON, exactly as `JSON.stringify(body, null, 2)` writes it, with the places of what came from inputs:
 * the messages' texts are known as runs, and each run is written by itself.
 */
export function printBody(body: Record<string, unknown>, messages: Messages): Printed {
  const pieces: string[] = [];
  const marks: WireMark[] = [];
  let length = 0;
  const put = (text: string) => {
    pieces.push(text);
    length += text.length;
  };
  const putText = (text: string, path: readonly (string | number)[]) => {
    const runs = runsAt(path, messages);
    if (runs === null || runs.map((run) => run.text).join("") !== text) return put(JSON.stringify(text));
    const escaped = runs.map((run) => JSON.stringify(run.text).slice(1, -1));
    // A character of two units that two runs share is written otherwise in halves.
    if (`"${escaped.join("")}"` !== JSON.stringify(text)) return put(JSON.stringify(text));
    put('"');
    for (const [index, { input, span }] of runs.entries()) {
      const start = length;
      put(escaped[index] as string);
      if (input !== null && length > start) marks.push({ start, end: length, input, span });
    }
    put('"');
  };
  const putValue = (value: unknown, path: readonly (string | number)[], indent: string) => {
    if (typeof value === "string") return putText(value, path);
    if (typeof value !== "object" || value === null) return put(JSON.stringify(value) ?? "null");
    const inner = `${indent}  `;
    const list = Array.isArray(value);
    const members: [string | number, unknown][] = list
      ? value.map((item, at) => [at, item])
      : Object.entries(value).filter(([, member]) => member !== undefined);
    if (members.length === 0) return put(list ? "[]" : "{}");
    put(list ? "[" : "{");
    for (const [at, [name, member]] of members.entries()) {
      put(`${at === 0 ? "" : ","}\n${inner}`);
      if (!list) put(`${JSON.stringify(name)}: `);
      putValue(member, [...path, name], inner);
    }
    put(`\n${indent}${list ? "]" : "}"}`);
  };
  putValue(body, [], "");
  return { body: pieces.join(""), marks };
}

/** The runs of the text at a place of the body, null where it is none of a message. */
function runsAt(path: readonly (string | number)[], messages: Messages): Messages[number]["segments"] | null {
  if (path.length === 1 && path[0] === "prompt") return messages[0]?.segments ?? null;
  const [member, index, content, part, text] = path;
  if (member !== "messages" || typeof index !== "number" || content !== "content") return null;
  const segments = messages[index]?.segments ?? null;
  if (segments === null || path.length === 3) return segments;
  if (typeof part !== "number" || text !== "text") return null;
  return partsOf(segments)[part] ?? null;
}

/** The runs of a message by the parts of its content: texts, and parts that are none. */
function partsOf(segments: Messages[number]["segments"]): Messages[number]["segments"][] {
  const parts: Messages[number]["segments"][] = [];
  for (const segment of segments) {
    const last = parts.at(-1);
    if (segment.part === undefined && last !== undefined && last[0]?.part === undefined) last.push(segment);
    else parts.push([segment]);
  }
  return parts;
}

/** Leaves out the middle of a long body, as `omitMiddle` does of the messages. */
export function cutBody({ body, marks }: Printed, most: number): Printed {
  if (body.length <= most) return { body, marks };
  const start = Math.ceil(most / 2);
  const end = body.length - Math.floor(most / 2);
  const note = `\n… ${(end - start).toLocaleString("en-US")} characters are not shown here …\n`;
  const moved = (at: number) => (at <= start ? at : Math.max(start, at - end + start) + note.length);
  const kept = marks.flatMap((mark) => {
    const pieces = [
      { ...mark, start: mark.start, end: Math.min(mark.end, start) },
      { ...mark, start: Math.max(mark.start, end), end: mark.end },
    ];
    return pieces.filter((piece) => piece.end > piece.start);
  });
  return {
    body: `${body.slice(0, start)}${note}${body.slice(end)}`,
    marks: kept.map((mark) => (mark.start < start ? mark : { ...mark, start: moved(mark.start), end: moved(mark.end) })),
  };
}
