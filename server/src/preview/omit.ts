import type { PreviewSegment, Rendering } from "#protocol/messages/preview.ts";

type Messages = Rendering["messages"];

/** Leaves out the middle of a long rendering: what stays is its first and its last half of `most` characters, with a run that says how much is missing. */
export function omitMiddle(messages: Messages, most: number): { messages: Messages; omitted: number } {
  const total = messages.reduce((sum, { segments }) => sum + segments.reduce((part, { text }) => part + text.length, 0), 0);
  if (total <= most) return { messages, omitted: 0 };
  const gap = { start: Math.ceil(most / 2), end: total - Math.floor(most / 2) };
  let at = 0;
  let told = false;
  const cut = messages.map(({ role, segments }) => {
    const kept: PreviewSegment[] = [];
    for (const segment of segments) {
      const start = at;
      at += segment.text.length;
      const head = segment.text.slice(0, Math.max(0, gap.start - start));
      const tail = segment.text.slice(Math.max(0, gap.end - start));
      if (at <= gap.start || start >= gap.end) kept.push(segment);
      else {
        if (head !== "") kept.push({ ...segment, text: head });
        if (!told) kept.push({ ...segment, text: "", input: null, omitted: gap.end - gap.start });
        told = true;
        if (tail !== "") kept.push({ ...segment, text: tail });
      }
    }
    return { role, segments: kept };
  });
  return { messages: cut, omitted: gap.end - gap.start };
}
