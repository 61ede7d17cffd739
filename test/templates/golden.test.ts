import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { renderWith, SHIPPED } from "./shipped.ts";

const golden = new URL("golden/", import.meta.url);
const fileOf = (path: string): string => `${path.replace("/", "-")}.json`;

/** A passage with everything that could go wrong on its way: LaTeX, quotes, braces, an empty line, marks and other scripts. */
const SEED = `For $n\\ge 1$ we have $\\sum_{k=1}^{n}k=\\frac{n(n+1)}{2}$; the "set" $\\{1,\\dots,n\\}$ is left as it is.

user: {{ text }} & <b>café</b> 九章 stay text, and so does a backslash: \\n.`;

for (const path of SHIPPED)
  test(`${path} renders as it did`, () => {
    const { messages, request } = renderWith(path, SEED);
    const rendered = { messages, ...request };
    const file = new URL(fileOf(path), golden);
    if (process.env.UPDATE_GOLDEN === "1") {
      mkdirSync(golden, { recursive: true });
      writeFileSync(file, `${JSON.stringify(rendered, null, 2)}\n`);
    }
    assert.deepEqual(
      JSON.parse(JSON.stringify(rendered)),
      JSON.parse(readFileSync(file, "utf8")),
      "If the change is meant: set UPDATE_GOLDEN=1, then npm run fmt",
    );
  });

test("every golden render belongs to a shipped template", () => {
  assert.deepEqual(readdirSync(golden).toSorted(), SHIPPED.map(fileOf).toSorted());
});
