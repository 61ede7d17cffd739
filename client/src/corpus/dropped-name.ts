import { ProblemError } from "../server/server.ts";

/** The name under which a dropped file is kept. @throws ProblemError where it is no name of a file, but a way to somewhere, or nothing */
export function droppedName(name: string): string {
  if (name !== "" && name !== "." && name !== ".." && !/[/\\\0]/.test(name)) return name;
  throw new ProblemError({
    code: "import/unreadable",
    message: name === "" ? "What was dropped has no name" : `“${name.replaceAll("\0", "")}” is no name of a file`,
    remedy: "Save it under a name of its own, and drop that file.",
  });
}
