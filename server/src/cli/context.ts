import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { fail, formatProblem } from "#protocol/errors.ts";
import { type App, createApp } from "../app.ts";
import { requireProject } from "../project/root.ts";
import { createOutput, type Output } from "./output.ts";

/** What every verb gets. The app is opened on first use, so that `--help` and usage errors touch nothing. */
export interface Context {
  out: Output;
  cwd: string;
  /** Raised by Ctrl-C and SIGTERM; a verb stops cleanly and the process ends with 130. */
  signal: AbortSignal;
  app(): Promise<App>;
  /** The app with everything taken in that is on disk; says so where the index can only be read. */
  upToDate(): Promise<App>;
  close(): Promise<void>;
}

export interface GlobalOptions {
  json?: boolean;
  project?: string;
}

export function createContext(options: () => GlobalOptions, signal: AbortSignal, cwd: string): Context {
  let app: Promise<App> | undefined;
  let out: Output | undefined;
  return {
    cwd,
    signal,
    get out() {
      out ??= createOutput({ json: options().json === true });
      return out;
    },
    app() {
      const opened = app ?? createApp({ projectDir: requireProject(options().project, cwd) });
      app = opened;
      return opened;
    },
    async upToDate() {
      const opened = await this.app();
      const { stale, skipped } = await opened.catchUp(signal);
      if (stale !== null) this.out.log(`${formatProblem(stale)} What follows is as old as the index.`);
      for (const problem of skipped) this.out.log(formatProblem(problem));
      return opened;
    },
    async close() {
      if (app !== undefined) await (await app.catch(() => null))?.close();
    },
  };
}

/** A whole number from the command line. @throws usage/invalid-argument */
export function wholeNumber(option: string, least = 0): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < least || text.trim() === "")
      throw fail("usage/invalid-argument", `${option} wants a whole number from ${least}, not “${text}”`);
    return value;
  };
}

/** A number from the command line. @throws usage/invalid-argument */
export function realNumber(option: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= least && value <= most))
      throw fail("usage/invalid-argument", `${option} wants a number from ${least} to ${most}, not “${text}”`);
    return value;
  };
}

/** Resolves a file that the user named, and says so when it does not exist. @throws usage/not-found */
export async function existingFile(cwd: string, file: string): Promise<string> {
  const path = resolve(cwd, file);
  try {
    await (await open(path, "r")).close();
    return path;
  } catch (thrown) {
    const reason = (thrown as NodeJS.ErrnoException).code === "EACCES" ? "may not be read" : "does not exist";
    throw fail("usage/not-found", `The file ${reason}`, { where: { file: path }, remedy: "Check the path.", cause: thrown });
  }
}
