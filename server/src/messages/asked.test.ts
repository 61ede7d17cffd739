import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRecipe } from "../recipe/parse.ts";
import { withKey } from "./asked.ts";
import type { ServerContext } from "./context.ts";

/** The part of the server's context that keys are asked of. */
function editor(asked: [string, string][]): ServerContext {
  const get = async (name: string, origin: string) => {
    asked.push([name, origin]);
    return { value: "key", refused: false };
  };
  return { storage: "storage", secrets: { get } } as unknown as ServerContext;
}

const endpointAt = (address: string) => {
  const { endpoints, problems } = parseRecipe(`endpoints:\n  a: { base_url: "${address}", model: m, api_key: { secret: house } }\n`, "f");
  assert.deepEqual(problems, []);
  const endpoint = endpoints.get("a");
  assert.ok(endpoint);
  return endpoint;
};

test("a key is asked for by the origin of its endpoint, and an address that is none is told as such", async () => {
  const asked: [string, string][] = [];
  const { keys } = await withKey(editor(asked), endpointAt("https://example.invalid:8443/some/v1"));
  assert.deepEqual(asked, [["house", "https://example.invalid:8443"]]);
  assert.deepEqual(Object.values(keys), ["key"]);
  await assert.rejects(withKey(editor(asked), endpointAt("http://h:99999")), {
    problem: {
      code: "usage/invalid-argument",
      message: "The base URL “http://h:99999” is not an address",
      remedy: "Give it as http://127.0.0.1:8000/v1, for example.",
    },
  });
  assert.equal(asked.length, 1, "nobody is asked for a key that cannot be sent");
});
