import { runProgram } from "./run-program.ts";

const PIPS: readonly (readonly [string, ...string[]])[] = [
  ["python3", "-m", "pip"],
  ["python", "-m", "pip"],
  ["py", "-3", "-m", "pip"],
  ["pip3"],
  ["pip"],
];

/** The command that runs pip on this machine: program and first arguments, or null where there is none. */
export async function findPip(signal: AbortSignal): Promise<readonly [string, ...string[]] | null> {
  for (const pip of PIPS) {
    const [file, ...before] = pip;
    if ((await runProgram(file, [...before, "--version"], { signal })).code === 0) return pip;
  }
  return null;
}
