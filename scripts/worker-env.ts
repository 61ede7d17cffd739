/**
 * The Python environment of the worker's tests: made once per state of its locks, in the user's cache.
 * `node scripts/worker-env.ts` prints the path of its Python.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { cacheDir } from "../server/src/project/cache.ts";
import { root } from "./root.ts";

const OLDEST = [3, 11] as const;
const LOCKS = ["cpu.txt", "dev.txt"].map((name) => join(root, "server", "worker", "locks", name));

/** Python of an environment with the worker's exact packages, or the reason why there is none. Takes minutes the first time. */
export function workerPython(say: (line: string) => void): { python: string } | { missing: string } {
  const interpreter = ["python3", "python"].find((name) => isNewEnough(name));
  if (interpreter === undefined) return { missing: `the worker's tests need Python ${OLDEST.join(".")} or newer` };
  const version = spawnSync(interpreter, ["-V"], { encoding: "utf8" }).stdout.trim();
  const hash = createHash("sha256").update(version);
  for (const lock of LOCKS) hash.update(readFileSync(lock));
  const folder = join(cacheDir(), "worker", `tests-${hash.digest("hex").slice(0, 16)}`);
  const python = process.platform === "win32" ? join(folder, "Scripts", "python.exe") : join(folder, "bin", "python");
  const complete = join(folder, "complete");
  if (existsSync(complete)) return { python };
  say("Installing the worker's Python packages (about 1.5 GB, once)…");
  // An environment cannot be moved once it is made: its scripts name their place. What a run that was cut off has left goes first.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, ".."), { recursive: true });
  const made = spawnSync(interpreter, ["-m", "venv", folder], { encoding: "utf8" });
  if (made.status !== 0) return { missing: `no environment could be made: ${made.stderr || made.stdout}` };
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"];
  const installed = spawnSync(python, [...pip, ...LOCKS.flatMap((lock) => ["-r", lock])], { encoding: "utf8" });
  if (installed.status !== 0) return { missing: `the worker's packages could not be installed: ${installed.stderr.slice(-1_000)}` };
  const partial = `${complete}.${process.pid}`;
  writeFileSync(partial, "");
  renameSync(partial, complete);
  return { python };
}

function isNewEnough(name: string): boolean {
  const code = `import sys; sys.exit(sys.version_info < (${OLDEST.join(", ")}))`;
  return spawnSync(name, ["-c", code]).status === 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const found = workerPython((line) => console.error(line));
  if ("python" in found) console.log(found.python);
  else {
    console.error(found.missing);
    process.exitCode = 1;
  }
}
