/** Types, style and room rules. `npm run fmt` repairs what can be repaired. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./root.ts";
import { workerPython } from "./worker-env.ts";

const bin = (name: string) => join(root, "node_modules", name);
const steps: [string, string[]][] = [
  ["types", [bin("typescript/bin/tsc"), "-p", root]],
  ["types of the webviews", [bin("typescript/bin/tsc"), "-p", join(root, "webview")]],
  ["ids and tables from package.json", [join(root, "scripts", "manifest.ts"), "--check"]],
  ["published schemas", [join(root, "scripts", "schemas.ts"), "--check"]],
  ["style and rooms", [bin("@biomejs/biome/bin/biome"), "ci", "--error-on-warnings", root]],
];
const python = workerPython((line) => console.log(line));
const worker = ["server/worker", "test/worker", "bench"];
const settings = join("server", "worker", "pyproject.toml");
const pythonSteps: [string, string[]][] = [
  ["style of the worker", ["-m", "ruff", "check", "--quiet", "--no-cache", "--config", settings, ...worker]],
  ["form of the worker", ["-m", "ruff", "format", "--quiet", "--no-cache", "--check", "--config", settings, ...worker]],
  [
    "types of the worker",
    ["-m", "mypy", "--no-error-summary", "--config-file", settings, "server/worker/jiuzhang_worker", "server/worker/jiuzhang_host"],
  ],
];
let failed = 0;
for (const [name, argv] of steps) run(name, process.execPath, argv);
if ("python" in python) for (const [name, argv] of pythonSteps) run(name, python.python, argv);
else console.log(`– the worker is not checked: ${python.missing}`);
process.exitCode = failed === 0 ? 0 : 1;

function run(name: string, program: string, argv: string[]) {
  const { status } = spawnSync(program, argv, { cwd: root, stdio: "inherit" });
  console.log(`${status === 0 ? "✓" : "✗"} ${name}`);
  if (status !== 0) failed++;
}
