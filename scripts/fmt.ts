/** Formats and repairs what the linters can repair. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "./root.ts";
import { workerPython } from "./worker-env.ts";

const run = (program: string, argv: string[]) => spawnSync(program, argv, { cwd: root, stdio: "inherit" }).status ?? 1;

const biome = run(process.execPath, [join(root, "node_modules", "@biomejs", "biome", "bin", "biome"), "check", "--write", root]);
const found = workerPython((line) => console.log(line));
const ruff = (...words: string[]) =>
  "python" in found
    ? run(found.python, [
        "-m",
        "ruff",
        ...words,
        "--no-cache",
        "--config",
        "server/worker/pyproject.toml",
        "server/worker",
        "test/worker",
        "bench",
      ])
    : 0;
process.exitCode = Math.max(biome, ruff("check", "--fix"), ruff("format"));
