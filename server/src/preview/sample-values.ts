import type { Property } from "../prompty/property.ts";
import type { Template } from "../prompty/template.ts";
import { namesRead } from "./names.ts";

/**
 * Values to look at a template with while there is no seed: each input's example, else one of its allowed values, else something of
 * its kind that says what belongs there. Inputs with a default are left to it.
 */
export function sampleValues(template: Template): Record<string, unknown> {
  const values = new Map<string, unknown>();
  for (const input of template.inputs) if (input.default === undefined) values.set(input.name, sampleOf(input));
  const declared = new Set(template.inputs.map(({ name }) => name));
  for (const name of namesRead(template.nodes).plain) if (!declared.has(name)) values.set(name, placeholder(name));
  return Object.fromEntries(values);
}

const MAX_DEPTH = 8;

const placeholder = (name: string): string => `‹${name === "" ? "text" : name}›`;

function sampleOf(property: Property, depth = 0): unknown {
  if (property.default !== undefined) return property.default;
  if (property.example !== undefined && property.example !== null) return property.example;
  const [allowed] = property.enumValues ?? [];
  if (allowed !== undefined) return allowed;
  if (depth > MAX_DEPTH) return null;
  switch (property.kind) {
    case "integer":
      return 1;
    case "float":
      return 0.5;
    case "boolean":
      return true;
    case "array":
      return property.items === undefined ? [placeholder(property.name)] : [sampleOf(property.items, depth + 1)];
    case "object":
      return Object.fromEntries((property.properties ?? []).map((member) => [member.name, sampleOf(member, depth + 1)]));
    case "union": {
      const [branch] = [...(property.oneOf ?? []), ...(property.anyOf ?? [])];
      return branch === undefined ? placeholder(property.name) : sampleOf(branch, depth + 1);
    }
    case "thread":
      return [{ role: "user", content: placeholder(property.name) }];
    case "image":
    case "file":
    case "audio":
      return { value: placeholder(property.name) };
    default:
      return placeholder(property.name);
  }
}
