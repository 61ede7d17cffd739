import assert from "node:assert/strict";
import { test } from "node:test";
import type { EndpointSummary } from "#protocol/messages/endpoints.ts";
import { datasetLine, endpointLine, hostOf, problemLine, serverLine } from "./lines.ts";

const dataset = {
  name: "taught",
  kind: "problem",
  rows: 1_204_331,
  accepted: 998_000,
  revision: "ab",
  updated: "2026-02-03T09:12:00.000Z",
} as const;

test("a dataset says what it holds, with separators, and opens at a click", () => {
  const line = datasetLine("file:///p", dataset);
  assert.equal(line.description, "1,204,331 rows · 998,000 accepted");
  assert.deepEqual(line.command?.args, [{ project: "file:///p", dataset: "taught" }]);
  assert.equal(datasetLine("file:///p", { ...dataset, kind: "seed", rows: 1 }).description, "1 seed");
  assert.notEqual(datasetLine("file:///p", { ...dataset, kind: "seed" }).icon, line.icon, "kinds are told apart without colour");
});

const teacher: EndpointSummary = {
  name: "teacher",
  model: "gpt-4o",
  embedded: false,
  baseUrl: "https://api.openai.com/v1",
  key: null,
  price: null,
  line: 12,
  installed: null,
  modelFile: null,
};

test("an endpoint says which model it asks and where, or what keeps it from being asked", () => {
  assert.equal(endpointLine(teacher, false).description, "gpt-4o · api.openai.com");
  const key = { name: "openai", kind: "secret", present: false } as const;
  assert.equal(endpointLine({ ...teacher, key }, true).description, "default · gpt-4o · key missing");
  assert.equal(endpointLine({ ...teacher, key: { ...key, present: true } }, false).description, "gpt-4o · api.openai.com");
  const small = { ...teacher, name: "small", model: "embedded", embedded: true, baseUrl: null, installed: true };
  assert.equal(endpointLine(small, false).description, "embedded");
  assert.equal(endpointLine({ ...small, installed: false }, false).description, "embedded · not installed");
});

test("its menus follow what it is", () => {
  const key = { name: "openai", kind: "secret", present: true } as const;
  assert.equal(endpointLine({ ...teacher, key }, true).contextValue, "endpoint.keyed.declared.default");
  assert.equal(endpointLine({ ...teacher, embedded: true, installed: false, line: null }, false).contextValue, "endpoint.uninstalled");
  assert.equal(endpointLine({ ...teacher, line: null }, false).command, null, "what is declared nowhere cannot be opened");
});

test("a problem stands in the view with what can be done about it", () => {
  const line = problemLine(
    { code: "index/corrupt", message: "The index is damaged", remedy: "Rebuild it." },
    "file:///p",
    "jiuzhang.refreshDatasets",
  );
  assert.equal(line.label, "The index is damaged");
  assert.equal(line.description, "Rebuild it.");
  assert.equal(line.command?.command, "jiuzhang.rebuildIndex");
  assert.deepEqual(line.command?.args, ["file:///p"]);
});

test("one that has a place is opened there, and any other is tried again", () => {
  const where = { file: "jiuzhang.yaml", line: 3 };
  const placed = problemLine({ code: "project/invalid-yaml", message: "No list", where }, "file:///p", "jiuzhang.refreshDatasets");
  assert.equal(placed.command?.command, "jiuzhang.openDeclaration");
  assert.deepEqual(placed.command?.args, [{ project: "file:///p", ...where }]);
  const locked = problemLine({ code: "index/locked", message: "Locked" }, "file:///p", "jiuzhang.refreshDatasets");
  assert.equal(locked.command?.command, "jiuzhang.refreshDatasets");
});

test("servers that were found say where and with how much", () => {
  const line = serverLine({ name: "Ollama", baseUrl: "http://127.0.0.1:11434/v1", models: ["a", "b"] }, "jiuzhang.addEndpoint");
  assert.equal(line.description, "127.0.0.1:11434 · 2 models");
  assert.equal(hostOf("no address"), "no address");
});
