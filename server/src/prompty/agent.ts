import type { Property } from "./property.ts";
import type { Template } from "./template.ts";

/** A loaded template in the specification's own form (section 4.2), for other programs and for conformance. */
export function toAgent(template: Template): Record<string, unknown> {
  const { data, source, body, model, inputs, outputs, tools } = template;
  const { model: _, template: format, ...rest } = data;
  return {
    ...rest,
    kind: "prompt",
    model: model === null ? null : model.data,
    inputs: inputs.length === 0 ? null : inputs.map(plain),
    outputs: outputs.length === 0 ? null : outputs.map(plain),
    tools:
      tools.length === 0
        ? null
        : tools.map((tool) => (tool.kind === "function" ? { ...tool.data, parameters: tool.parameters.map(plain) } : tool.data)),
    template: format ?? { format: { kind: "jinja2" }, parser: { kind: "prompty" } },
    instructions: source.slice(body.start, body.end),
  };
}

function plain({ span: _, items, properties, oneOf, anyOf, ...property }: Property): Record<string, unknown> {
  return {
    ...property,
    ...(items === undefined ? {} : { items: plain(items) }),
    ...(properties === undefined ? {} : { properties: properties.map(plain) }),
    ...(oneOf === undefined ? {} : { oneOf: oneOf.map(plain) }),
    ...(anyOf === undefined ? {} : { anyOf: anyOf.map(plain) }),
  };
}
