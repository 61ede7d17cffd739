import { fail } from "#protocol/errors.ts";
import type { Property } from "./property.ts";

export type JsonSchema = Record<string, unknown>;

/** JSON Schema types of the kinds (specification, section 7.1.4). Kinds that are not here have no type. */
const TYPES: Record<string, string | undefined> = {
  string: "string",
  integer: "integer",
  float: "number",
  boolean: "boolean",
  array: "array",
  object: "object",
};

/**
 * Properties as the JSON Schema of an object. In strict mode, which OpenAI's structured output needs, every object is closed
 * and requires all its members, and what is optional may be null.
 */
export function objectSchema(properties: readonly Property[], strict: boolean): JsonSchema {
  const required = properties.filter((property) => strict || property.required).map(({ name }) => name);
  return {
    type: "object",
    properties: Object.fromEntries(
      properties.map((property) => [property.name, propertySchema(property, strict, strict && !property.required)]),
    ),
    ...(required.length === 0 ? {} : { required }),
    ...(strict ? { additionalProperties: false } : {}),
  };
}

function propertySchema(property: Property, strict: boolean, nullable: boolean): JsonSchema {
  return {
    ...shape(property, strict, nullable),
    ...(property.description === undefined ? {} : { description: property.description }),
    ...(property.enumValues === undefined ? {} : { enum: nullable ? [...property.enumValues, null] : property.enumValues }),
  };
}

function shape(property: Property, strict: boolean, nullable: boolean): JsonSchema {
  if (property.kind === "union") return unionSchema(property, strict, nullable);
  const name = TYPES[property.kind];
  if (name === undefined) return {};
  const type = nullable ? [name, "null"] : name;
  if (property.kind === "array" && property.items !== undefined) return { type, items: propertySchema(property.items, strict, false) };
  if (property.kind !== "object") return { type };
  if (property.properties === undefined) return { type, ...(strict ? { additionalProperties: false } : {}) };
  return { ...objectSchema(property.properties, strict), type };
}

function unionSchema(property: Property, strict: boolean, nullable: boolean): JsonSchema {
  const key = (property.oneOf?.length ?? 0) > 0 ? "oneOf" : "anyOf";
  const branches = property[key] ?? [];
  if (branches.length === 0 || ((property.oneOf?.length ?? 0) > 0 && (property.anyOf?.length ?? 0) > 0))
    throw fail("template/invalid", `The union “${property.name}” needs either “oneOf” or “anyOf”`, {
      remedy: "Give exactly one of them, with at least one entry.",
    });
  const schemas = branches.map((branch) => propertySchema(branch, strict, false));
  return { [key]: nullable ? [...schemas, { type: "null" }] : schemas };
}
