import { registerCommand } from "../commands/register.ts";
import type { ClientContext } from "../context.ts";
import { showProblem } from "../problems/show.ts";
import { ProblemError } from "../server/server.ts";
import { showStatus } from "./show.ts";

/** The commands about the server itself. */
export function registerStatus(context: ClientContext): void {
  const { server, log, extension } = context;
  registerCommand(context, "jiuzhang.showStatus", () => showStatus(context));
  registerCommand(context, "jiuzhang.restartServer", () => server.restart());
  registerCommand(context, "jiuzhang.showLog", () => log.show());
  extension.subscriptions.push(
    server.onState((state) => {
      if (state.name === "crashed") void showProblem(log, new ProblemError(state.problem));
    }),
  );
}
