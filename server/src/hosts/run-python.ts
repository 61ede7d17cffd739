import { AppError, fail } from "#protocol/errors.ts";
import { objectIn } from "../files/json.ts";
import { BOOT, type PythonModule } from "./python-sources.ts";
import type { Transport } from "./transport.ts";

/**
 * Gives modules of ours to a Python on its standard input, with one request, and returns the one line that it answers: nothing is
 * installed, and what is asked stands in no command line. May be asked twice after a cut connection.
 */
export async function runPython(
  transport: Pick<Transport, "name" | "exec">,
  python: string,
  [boot, ...modules]: PythonModule[],
  request: Record<string, unknown>,
  timeout: number,
): Promise<unknown> {
  const source = boot?.source ?? "";
  const loaded = modules.map((module) => [module.name, module.source]);
  const stdin = `${source}${JSON.stringify(loaded)}\n${JSON.stringify(request)}\n`;
  const argv = [python, "-u", "-I", "-c", BOOT(Buffer.byteLength(source))];
  const result = await transport.exec(argv, { stdin, timeout, repeatable: true }).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.problem.code !== "usage/not-found") throw error;
    throw fail("host/no-python", `There is no Python on ${transport.name}`, {
      where: { file: python },
      remedy: "Install Python 3.8 or newer there.",
      cause: error,
    });
  });
  const said = lastObject(text(result.stdout));
  if (said !== null) return said;
  const stderr = text(result.stderr).trim();
  throw fail("host/failed", `Python on ${transport.name} ended without an answer: ${stderr.split("\n").at(-1)?.slice(0, 300)}`, {
    remedy: `See that “${python} --version” works there and says 3.8 or newer.`,
    data: { code: result.code, signal: result.signal, timedOut: result.timedOut, stderr: stderr.slice(-2000) },
  });
}

/** The last line that is an object: what else a Python prints of itself is nobody's answer. */
function lastObject(stdout: string): Record<string, unknown> | null {
  for (const line of stdout.split("\n").reverse()) {
    const value = objectIn(line);
    if (value !== null) return value;
  }
  return null;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");
