import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { window } from "vscode";
import type { ClientContext } from "../context.ts";
import { showProblems } from "../problems/show.ts";
import { counted } from "../status/words.ts";
import { runWork } from "../status/work.ts";
import { registerCommand } from "./register.ts";

/** Makes a project's index anew from its files, which hold everything: nothing can be lost by it. */
export function registerRebuild(context: ClientContext): void {
  registerCommand(context, "jiuzhang.rebuildIndex", async (chosen?: unknown) => {
    const project = typeof chosen === "string" ? chosen : await context.projects.need();
    const name = basename(fileURLToPath(project));
    const { rows, problems } = await runWork(context, `Rebuilding the index of ${name}`, ({ signal, token }) =>
      context.server.request("corpus/rebuild", { project, progress: token }, signal),
    );
    window.setStatusBarMessage(`$(check) The index of ${name} has ${counted(rows, "row")}`, 10_000);
    await showProblems(context.log, `${counted(problems.length, "file")} could not be taken in whole`, problems);
  });
}
