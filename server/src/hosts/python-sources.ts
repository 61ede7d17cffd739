import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fail } from "#protocol/errors.ts";

export interface PythonModule {
  name: string;
  source: string;
}

/**
 * Runs the first `size` bytes of its standard input. To be run with -I: without it Python looks for modules in the folder that it
 * stands in first, which may be one that was opened to be looked at. No argument holds a quote, so that every login shell passes it on.
 */
export const BOOT = (size: number): string => `import sys;exec(compile(sys.stdin.buffer.read(${size}),'boot','exec'))`;

/** The loader, then the modules in the order in which they import each other. */
const SUPERVISOR = ["boot", "files", "processes", "runs", "namespace", "cancel", "supervisor"] as const;
const HELPER = ["boot", "files", "processes", "runs", "helper"] as const;

const PROBE = ["boot", "files", "processes", "namespace", "probe"] as const;

const read = new Map<string, PythonModule>();

export const supervisorModules = (): PythonModule[] => SUPERVISOR.map(moduleOf);
export const probeModules = (): PythonModule[] => PROBE.map(moduleOf);
export const helperModules = (): PythonModule[] => HELPER.map(moduleOf);

/** Kept once read: an update of the extension must not mix old and new ones under a connection that is opened again. */
function moduleOf(name: string): PythonModule {
  let found = read.get(name);
  if (found === undefined) {
    found = { name, source: readFileSync(join(folder(), `${name}.py`), "utf8") };
    read.set(name, found);
  }
  return found;
}

/** Beside the worker: in the package under dist/, in a checkout under server/. */
function folder(): string {
  for (let dir = dirname(fileURLToPath(import.meta.url)); dirname(dir) !== dir; dir = dirname(dir))
    for (const place of ["dist/worker", "server/worker"])
      if (existsSync(join(dir, place, "jiuzhang_host", "boot.py"))) return join(dir, place, "jiuzhang_host");
  throw fail("io/failed", "The supervisor that belongs to the program is missing", { remedy: "Install the program again." });
}
