import assert from "node:assert/strict";
import { test } from "node:test";
import { discoverServers } from "../../server/src/endpoints/discover.ts";
import { createFaultyServer, error, json, silence, text } from "./faulty-server.ts";

test("servers that list models are found, by what they say they are; all others are not there", async () => {
  await using ollama = await createFaultyServer(json(200, { data: [{ id: "qwen", owned_by: "library" }] }));
  await using other = await createFaultyServer(json(200, { data: [{ id: "a" }, { id: "b" }] }));
  await using page = await createFaultyServer(text(200, "<html>"));
  await using locked = await createFaultyServer(error(401, "no"));
  await using mute = await createFaultyServer(silence);
  const places = [ollama, other, page, locked, mute].map(({ url }) => ({ name: "usual", baseUrl: `${url}/v1` }));
  places.push({ name: "nobody", baseUrl: "http://127.0.0.1:9/v1" });
  assert.deepEqual(await discoverServers(fetch, places), [
    { name: "Ollama", baseUrl: `${ollama.url}/v1`, models: ["qwen"] },
    { name: "usual", baseUrl: `${other.url}/v1`, models: ["a", "b"] },
  ]);
});
