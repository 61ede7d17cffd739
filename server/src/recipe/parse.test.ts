import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatProblem, type Problem } from "#protocol/errors.ts";
import { parseRecipe } from "./parse.ts";

const FULL = `# The models of this project.
endpoints:
  small: { embedded: true, threads: 2, model_file: models/own.gguf }
  teacher:
    base_url: https://api.openai.com/v1
    model: gpt-4o
    provider: openai
    revision: 2024-08-06
    api_key: { secret: openai }
    price: { prompt: 2.5, completion: 10, cached: 1.25 }
    limits: { rpm: 500, tpm: 800000 }
    max_tokens_field: max_completion_tokens
  lab:
    base_url: http://127.0.0.1:8000/v1
    model: Qwen/Qwen2.5-Math-7B-Instruct
    api_key: { env: LAB_KEY }
hosts:
  here: {}
steps:
  seeds: { verb: import, from: data/seeds/*.jsonl }
`;

/** The only problem of a recipe, as one line for people. */
function only(source: string): string {
  const { problems } = parseRecipe(source, "jiuzhang.yaml");
  assert.equal(problems.length, 1, problems.map(formatProblem).join("\n"));
  return formatProblem(problems[0] as Problem);
}

const at = (endpoint: string): string => only(`endpoints:\n  a:\n${endpoint.replace(/^/gm, "    ")}\n`);
const SERVED = "base_url: http://localhost:8000/v1\nmodel: m\n";

test("a whole recipe is read, and what is left out is filled in", () => {
  const { endpoints, problems } = parseRecipe(FULL, "jiuzhang.yaml");
  assert.deepEqual(problems, []);
  assert.deepEqual([...endpoints.keys()], ["small", "teacher", "lab"]);
  assert.deepEqual(endpoints.get("small"), {
    name: "small",
    embedded: true,
    base_url: null,
    model: "embedded",
    provider: "embedded",
    revision: null,
    api_key: null,
    price: null,
    limits: {},
    max_tokens_field: "max_tokens",
    model_file: "models/own.gguf",
    adapter_file: null,
    threads: 2,
  });
  assert.deepEqual(endpoints.get("teacher"), {
    name: "teacher",
    embedded: false,
    base_url: "https://api.openai.com/v1",
    model: "gpt-4o",
    provider: "openai",
    revision: "2024-08-06",
    api_key: { secret: "openai" },
    price: { prompt: 2.5, completion: 10, cached: 1.25 },
    limits: { rpm: 500, tpm: 800000 },
    max_tokens_field: "max_completion_tokens",
    model_file: null,
    adapter_file: null,
    threads: null,
  });
  const lab = endpoints.get("lab");
  assert.deepEqual(
    [lab?.provider, lab?.api_key, lab?.price, lab?.max_tokens_field],
    ["openai-compatible", { env: "LAB_KEY" }, null, "auto"],
  );
});

test("an empty recipe has no endpoints and no problems", () => {
  for (const source of ["", "\n", "# nothing yet\n", "endpoints:\n", "endpoints: {}\n", "\ufeffendpoints:\n  # later\n", "---\n"])
    assert.deepEqual(
      parseRecipe(source, "jiuzhang.yaml"),
      { endpoints: new Map(), lines: new Map(), problems: [] },
      JSON.stringify(source),
    );
});

test("CRLF and a byte order mark change nothing", () => {
  assert.deepEqual(parseRecipe(`\ufeff${FULL.replaceAll("\n", "\r\n")}`, "f").endpoints, parseRecipe(FULL, "f").endpoints);
});

test("broken YAML is placed and explained", () => {
  assert.equal(
    only("endpoints:\n\tsmall: { embedded: true }\n"),
    "jiuzhang.yaml:2:1: A tab stands where the line is indented. Indent with spaces, two for each level: YAML does not take tabs.",
  );
  assert.match(only('endpoints:\n  a: { model: "gpt-4o }\n'), /^jiuzhang\.yaml:\d+:\d+: Something is missing here\. .*closing quote/);
  assert.match(only("endpoints:\n  a: { embedded: true }\n  a: { embedded: true }\n"), /^jiuzhang\.yaml:3:3: This key stands twice/);
  assert.match(only("endpoints: {}\n---\nsteps: {}\n"), /^jiuzhang\.yaml:2:1: A second document begins here\./);
});

test("a file of another kind is refused", () => {
  assert.match(only("- a\n- b\n"), /^jiuzhang\.yaml:1:1: This file must be a group of settings\./);
  assert.match(only("hello\n"), /^jiuzhang\.yaml:1:1: This file must be a group of settings\./);
  assert.match(only("endpoints: [small]\n"), /^jiuzhang\.yaml:1:12: “endpoints” must be a group of named endpoints\./);
  assert.match(only("endpoints:\n  small: embedded\n"), /^jiuzhang\.yaml:2:10: Endpoint “small” must be a group of settings\./);
  assert.match(only("endpoints:\n  small:\n"), /^jiuzhang\.yaml:2:3: Endpoint “small” must be a group of settings\./);
  assert.match(only("endpoints:\n  my model: { embedded: true }\n"), /^jiuzhang\.yaml:2:3: An endpoint's name must be one word\./);
});

test("an unknown key is named, with the one that was meant", () => {
  assert.equal(only("endpoint: {}\n"), "jiuzhang.yaml:1:1: A recipe has no part “endpoint”. Did you mean “endpoints”?");
  assert.match(only("models: {}\n"), /Known parts: endpoints, hosts, steps\./);
  assert.equal(at(`${SERVED}baseURL: x`), "jiuzhang.yaml:5:5: Endpoint “a” has no setting “baseURL”. Did you mean “base_url”?");
  assert.match(at(`${SERVED}token: x`), /has no setting “token”\. Did you mean “api_key”\?/);
  assert.match(
    at(`${SERVED}limits: { rmp: 3 }`),
    /^jiuzhang\.yaml:5:15: “limits” of endpoint “a” has no setting “rmp”\. Did you mean “rpm”\?/,
  );
  assert.match(at(`${SERVED}colour: red`), /has no setting “colour”\. Known settings: embedded, base_url, /);
});

test("a mistyped value is placed and the right form is shown", () => {
  assert.equal(
    at(`${SERVED}price: { prompt: "2.5", completion: 10 }`),
    "jiuzhang.yaml:5:22: Endpoint “a”: “price.prompt” must be a number, not below 0. Write the bare number, without quotes, units or a currency sign.",
  );
  assert.match(at(`${SERVED}price: { prompt: -1, completion: 1 }`), /“price.prompt” must be a number, not below 0/);
  assert.match(at(`${SERVED}price: { prompt: .inf, completion: 1 }`), /“price.prompt” must be a number/);
  assert.match(at(`${SERVED}price: { prompt: 1 }`), /^jiuzhang\.yaml:5:5: Endpoint “a” has no “price.completion”/);
  assert.match(at(`${SERVED}limits: { rpm: 0.5 }`), /“limits.rpm” must be a whole number above 0/);
  assert.match(at(`${SERVED}revision: 3`), /“revision” must be text\. .* quotes/);
  assert.match(at(`${SERVED}max_tokens_field: length`), /must be auto, max_tokens or max_completion_tokens/);
  assert.match(at("embedded: yes"), /^jiuzhang\.yaml:3:15: Endpoint “a”: “embedded” must be true or false/);
  assert.match(at("embedded: true\nthreads: many"), /“threads” must be a whole number from 1 to 1024/);
});

test("an address without its scheme, or with a password in it, is refused", () => {
  for (const url of ["localhost:8000/v1", "ftp://host/v1", "//host", "http://", "http://me:pw@host/v1"]) {
    const line = at(`base_url: ${url}\nmodel: m`);
    assert.match(line, /^jiuzhang\.yaml:3:15: Endpoint “a”: “base_url” must be an address that begins with http:\/\/ or https:\/\//, url);
    assert.ok(!line.includes("pw"), line);
  }
});

test("an endpoint is either embedded or served, and says which", () => {
  assert.equal(
    at("embedded: true\nbase_url: http://localhost:1/v1"),
    "jiuzhang.yaml:4:5: Endpoint “a” is embedded and has no use for “base_url”. Remove either “embedded: true” or “base_url”.",
  );
  assert.match(at("model: m"), /^jiuzhang\.yaml:2:3: Endpoint “a” does not say where its model is served\. .* “embedded: true”/);
  assert.match(at("base_url: http://localhost:1/v1"), /^jiuzhang\.yaml:2:3: Endpoint “a” has no “model”/);
  assert.match(at(`${SERVED}threads: 2`), /^jiuzhang\.yaml:5:5: “threads” is for embedded endpoints only/);
  assert.equal(parseRecipe(`endpoints:\n  a:\n    embedded: false\n    ${SERVED.replace("\n", "\n    ")}`, "f").problems.length, 0);
});

test("a key in the file is refused and never repeated", () => {
  const secret = "sk-proj-Abc123Abc123Abc123";
  for (const value of [secret, `"${secret}"`, `{ secret: ${secret} }`, `{ env: ${secret} }`, `{ key: ${secret} }`, "123456789012"]) {
    const { problems, endpoints } = parseRecipe(`endpoints:\n  a:\n    base_url: http://h/v1\n    model: m\n    api_key: ${value}\n`, "f");
    assert.equal(problems.length, 1, value);
    assert.match(problems[0]?.message ?? "", /never stands in this file|looks like a key/, value);
    assert.match(problems[0]?.remedy ?? "", /\{ secret: openai \}/);
    assert.equal(problems[0]?.where?.line, 5);
    assert.ok(!JSON.stringify(problems).includes("Abc123") && !JSON.stringify(problems).includes("789"), value);
    assert.equal(endpoints.size, 0);
  }
  const broken = parseRecipe(`endpoints:\n  a: { api_key: ${secret} ${secret}: "${secret}\n`, "f");
  assert.ok(broken.problems.length > 0 && !JSON.stringify(broken).includes(secret));
  assert.match(at(`${SERVED}api_key: \${OPENAI_API_KEY}`), /Write api_key: \{ env: OPENAI_API_KEY \}\./);
  assert.match(at(`${SERVED}api_key: { secert: openai }`), /^jiuzhang\.yaml:5:\d+: .*api_key/);
});

test("one wrong endpoint does not keep the others from being read, and every problem is told", () => {
  const { endpoints, problems } = parseRecipe(`${FULL.replace("gpt-4o", "4").replace("threads: 2", "thread: 2")}stages: {}\n`, "f");
  assert.deepEqual([...endpoints.keys()], ["lab"]);
  assert.deepEqual(
    problems.map((problem) => [problem.code, problem.where?.line]),
    [
      ["project/invalid-yaml", 3],
      ["project/invalid-yaml", 6],
      ["project/invalid-yaml", 21],
    ],
  );
});

test("anchors and merges work, and their errors are told", () => {
  const merged = "endpoints:\n  a: &a { base_url: http://h/v1, model: m }\n  b: { <<: *a, model: n }\n";
  assert.equal(parseRecipe(merged, "f").endpoints.get("b")?.model, "n");
  assert.match(only("endpoints:\n  a: *b\n"), /^jiuzhang\.yaml:2:\d+: .*(alias|anchor)/);
  const bomb = `endpoints:\n  x: &a0 { model: m }\n${Array.from({ length: 12 }, (_, i) => `  x${i}: &a${i + 1} { k: [${`*a${i}, `.repeat(9)}] }`).join("\n")}\n`;
  assert.ok(parseRecipe(bomb, "f").problems.length > 0);
});

test("names that mean something to JavaScript are only names", () => {
  const { endpoints } = parseRecipe("endpoints:\n  constructor: { embedded: true }\n  toString: { embedded: true }\n", "f");
  assert.deepEqual([...endpoints.keys()], ["constructor", "toString"]);
  assert.match(only("endpoints:\n  __proto__: { embedded: true }\n"), /name must be one word/);
  assert.match(at(`${SERVED}__proto__: { embedded: true }`), /has no setting “__proto__”/);
});

/** Every problem stands at a line and column that the file has, and begins before it ends. */
function assertPlaced(source: string): void {
  const { problems, endpoints } = parseRecipe(source, "f.yaml");
  const lines = source.split("\n");
  for (const { where, remedy, message } of problems) {
    const { line = 0, column = 0, endLine = 0, endColumn = 0 } = where ?? {};
    assert.equal(where?.file, "f.yaml");
    assert.ok(line >= 1 && line <= lines.length && endLine >= line && endLine <= lines.length, `${message} at ${line}`);
    assert.ok(column >= 1 && column <= (lines[line - 1]?.length ?? 0) + 1, `${message} at ${line}:${column}`);
    assert.ok(endColumn >= 1 && endColumn <= (lines[endLine - 1]?.length ?? 0) + 1 && (endLine > line || endColumn >= column));
    assert.ok(message !== "" && (remedy ?? "") !== "");
  }
  for (const [name, endpoint] of endpoints) assert.equal(endpoint.name, name);
}

test("no text makes it throw, and every problem has a place in the file", () => {
  const pieces = [
    "endpoints",
    "api_key",
    "&a",
    "*a",
    "<<",
    ": ",
    "\n",
    "\n  ",
    "\n    ",
    "{",
    "}",
    "[",
    "]",
    '"',
    "'",
    "- ",
    "? ",
    "\t",
    "!x ",
    "|",
    ">",
    "#",
    "1",
    "~",
    "---\n",
    "%YAML 9\n",
    "\r\n",
    "\0",
    "é",
  ];
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), assertPlaced), { numRuns: 300 });
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join("")),
      assertPlaced,
    ),
    { numRuns: 1500 },
  );
  fc.assert(fc.property(fc.json(), assertPlaced), { numRuns: 200 });
});

test("a mutilated recipe never makes it throw", () => {
  const cut = fc.record({ from: fc.nat(FULL.length), length: fc.nat(30), put: fc.oneof(fc.constant(""), fc.string({ maxLength: 8 })) });
  const mutilated = fc
    .array(cut, { minLength: 1, maxLength: 4 })
    .map((cuts) => cuts.reduce((text, { from, length, put }) => text.slice(0, from) + put + text.slice(from + length), FULL));
  fc.assert(fc.property(mutilated, assertPlaced), { numRuns: 1000 });
});

test("brackets nested without end are a problem, not a crash", () => {
  assertPlaced("[".repeat(20_000));
  assertPlaced(`endpoints: ${"{ a: ".repeat(5_000)}`);
});

test("of very many problems the first hundred are told", () => {
  const { problems } = parseRecipe(`endpoints:\n${Array.from({ length: 500 }, (_, k) => `  a ${k}: {}\n`).join("")}`, "f");
  assert.equal(problems.length, 100);
});
