import type { PreviewInput } from "#protocol/messages/preview.ts";
import type { Segment } from "#protocol/template.ts";
import type { Template } from "../prompty/template.ts";

/** Where the values of a rendering came from. */
export interface Given {
  from: "seed" | "sample";
  values: Record<string, unknown>;
}

/** The inputs of a rendering: those that the template declares, in their order, then whatever else it put in. */
export function listInputs(template: Template, segments: readonly Segment[], { from, values }: Given): PreviewInput[] {
  const found = new Map<string, { characters: number; times: number }>();
  for (const { name } of template.inputs) found.set(name, { characters: 0, times: 0 });
  for (const { kind, source, text, message } of segments) {
    if (kind !== "interp" || source === null || (message === -1 && !template.profile.completion)) continue;
    const seen = found.get(source) ?? { characters: 0, times: 0 };
    seen.characters += text.length;
    seen.times++;
    found.set(source, seen);
  }
  const defaults = new Set(template.inputs.filter((input) => input.default !== undefined).map(({ name }) => name));
  return [...found].map(([name, { characters, times }]) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    const given = value !== undefined && value !== null;
    return { name, characters, times, from: given ? from : defaults.has(name) ? "default" : "missing" };
  });
}
