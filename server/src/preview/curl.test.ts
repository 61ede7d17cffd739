import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { type CurlRequest, curlCommand, shellWord } from "./curl.ts";

const dir = mkdtempSync(join(tmpdir(), "jiuzhang-curl-"));
after(() => rmSync(dir, { recursive: true, force: true }));
const noShell = process.platform === "win32" ? "needs a POSIX shell" : false;

/** Text that a command line can hold: no NUL. Lone surrogates have no UTF-8. */
const text = fc
  .oneof(
    fc.string({ unit: "binary" }),
    fc
      .array(fc.constantFrom("'", '"', "\\", "$", "`", "\n", "!", "$" + "{x}", "$(id)", "BODY", "é😀", " "), { maxLength: 20 })
      .map((words) => words.join("")),
  )
  .map((raw) => Buffer.from(raw.replaceAll("\0", "")).toString());

test("a shell gives every word back as it was", { skip: noShell }, () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 20 }), (words) => {
      const printed = execFileSync("sh", ["-c", `printf '%s\\0' ${words.map(shellWord).join(" ")}`], { encoding: "utf8" });
      assert.deepEqual(printed.split("\0").slice(0, -1), words);
    }),
    { numRuns: 60 },
  );
});

/** What `curl` is given when a shell runs the command. */
function ran(request: CurlRequest, env: Record<string, string>): { args: string[]; body: string } {
  const program = join(dir, "curl");
  writeFileSync(program, `#!/bin/sh\nprintf '%s\\0' "$@" > '${dir}/args'\ncat > '${dir}/stdin'\n`);
  chmodSync(program, 0o755);
  execFileSync("sh", ["-c", curlCommand(request)], { env: { PATH: `${dir}:${process.env.PATH}`, ...env }, input: "" });
  const args = readFileSync(join(dir, "args"), "utf8").split("\0").slice(0, -1);
  const data = args.at(-1);
  return { args, body: data === "@-" ? readFileSync(join(dir, "stdin"), "utf8").replace(/\n$/, "") : (data ?? "") };
}

test("the command sends the very body to the very address, with the key from its variable", { skip: noShell }, () => {
  fc.assert(
    fc.property(text, fc.webUrl(), fc.boolean(), fc.boolean(), (content, baseUrl, keyed, long) => {
      const body = { model: "m", messages: [{ role: "user", content: long ? content + "x'\n".repeat(20_000) : content }], stream: true };
      const { args, body: sent } = ran(
        { baseUrl, path: "/chat/completions", body, keyVariable: keyed ? "JIUZHANG_KEY_OPENAI" : null },
        { JIUZHANG_KEY_OPENAI: "s3cret" },
      );
      assert.deepEqual(JSON.parse(sent), body);
      assert.ok(args.includes(`${baseUrl}/chat/completions`));
      assert.equal(args.includes("Authorization: Bearer s3cret"), keyed);
    }),
    { numRuns: 40 },
  );
});

test("the key's value is never in the command, and an embedded engine's address comes from a variable", { skip: noShell }, () => {
  const request = { baseUrl: null, path: "/completions", body: { prompt: "it's" }, keyVariable: null };
  assert.match(curlCommand(request), /^# `jiuzhang serve`/);
  const { args } = ran(request, { JIUZHANG_BASE_URL: "http://127.0.0.1:8765/v1", JIUZHANG_API_KEY: "k" });
  assert.ok(args.includes("http://127.0.0.1:8765/v1/completions"));
  assert.ok(args.includes("Authorization: Bearer k"));
});
