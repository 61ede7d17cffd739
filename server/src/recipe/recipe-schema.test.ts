import assert from "node:assert/strict";
import { test } from "node:test";
import { PARTS } from "./parse.ts";
import { recipeJsonSchema } from "./recipe-schema.ts";

test("the JSON Schema knows both forms of an endpoint, forbids other keys, and explains each setting", () => {
  const schema = recipeJsonSchema() as { $schema: string; additionalProperties: boolean; properties: Record<string, unknown> };
  assert.equal(schema.$schema, "http://json-schema.org/draft-07/schema#");
  assert.equal(schema.additionalProperties, false);
  assert.deepEqual(Object.keys(schema.properties), PARTS);
  const endpoints = schema.properties.endpoints as { additionalProperties: { anyOf: EndpointSchema[] } };
  const [embedded, served] = endpoints.additionalProperties.anyOf;
  assert.deepEqual(embedded?.required, ["embedded"]);
  assert.deepEqual(served?.required?.toSorted(), ["base_url", "model"]);
  for (const form of [embedded, served]) {
    assert.equal(form?.additionalProperties, false);
    for (const [name, property] of Object.entries(form?.properties ?? {}))
      if (!(form === served && name === "embedded")) assert.ok(property.description, name);
  }
  assert.deepEqual(JSON.parse(JSON.stringify(schema)), schema);
});

interface EndpointSchema {
  required?: string[];
  additionalProperties: boolean;
  properties: Record<string, { description?: string }>;
}
