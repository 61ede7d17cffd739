import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createHere } from "../../server/src/hosts/here-transport.ts";
import { probeHost } from "../../server/src/hosts/probe.ts";
import { runPython } from "../../server/src/hosts/run-python.ts";

const folder = mkdtempSync(join(tmpdir(), "jiuzhang-python-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const skip = process.platform === "win32" && "jobs of the worker do not run on Windows itself";

/** This machine, whose programs start in the test's folder. */
function standingThere() {
  const here = createHere();
  return { ...here, exec: (argv: readonly string[], options = {}) => here.exec(argv, { ...options, cwd: folder }) };
}

function program(name: string, body: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}

test("Python files of the folder that is open are not run", { skip }, async () => {
  const ran = join(folder, "ran");
  for (const name of ["json", "types", "platform", "importlib", "sitecustomize"])
    writeFileSync(join(folder, `${name}.py`), `open(${JSON.stringify(ran)}, "a").write(${JSON.stringify(name)})\nraise SystemExit(3)\n`);
  const findings = await probeHost(standingThere(), { root: folder, interpreters: [["python3", []]] });
  assert.equal(existsSync(ran), false);
  assert.equal(findings.find(({ area }) => area === "reachable")?.state, "works", JSON.stringify(findings));
  assert.match(findings.find(({ area }) => area === "worker")?.what ?? "", /^python3: Python 3\./);
});

test("an interpreter that is noisy or no Python at all hides nothing else", { skip }, async () => {
  const noisy = program("noisy", 'echo "{half a line"; echo "[]"; python3 "$@"; echo; echo bye');
  const none = program("none", "echo hello");
  const killed = program("killed", "kill -9 $$");
  const findings = await probeHost(createHere(), { root: folder, interpreters: [noisy, none, killed].map((path) => [path, []]) });
  const workers = findings.filter(({ area }) => area === "worker").map(({ what }) => what);
  assert.match(workers[0] ?? "", /noisy: Python 3\./);
  assert.match(workers[1] ?? "", /none cannot be used: it does not answer as a Python does/);
  assert.match(workers[2] ?? "", /killed cannot be used: it ended with code -9/);
  assert.equal(findings.find(({ area }) => area === "disk")?.data?.path, folder);
});

test("the answer is the last line that is an object, whatever is printed around it", { skip }, async () => {
  const noisy = program("noisy-start", 'echo Welcome; echo "{half"; echo "[1]"; python3 "$@"; echo bye');
  const modules = [
    { name: "boot", source: 'import sys; sys.stdin.buffer.readline(); print("{}"); print(sys.stdin.buffer.readline().decode())\n' },
  ];
  assert.deepEqual(await runPython(createHere(), noisy, modules, { asked: 1 }, 60_000), { asked: 1 });
});
