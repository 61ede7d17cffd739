import { commands } from "vscode";
import type { ClientContext } from "../context.ts";
import type { CommandId } from "../ids.ts";
import { showProblem } from "../problems/show.ts";

/** Registers a command of the manifest. Whatever it throws is told to the user: no command fails in silence. */
export function registerCommand<Args extends unknown[]>(
  { extension, log }: Pick<ClientContext, "extension" | "log">,
  id: CommandId,
  run: (...args: Args) => unknown,
): void {
  extension.subscriptions.push(
    commands.registerCommand(id, async (...args: Args) => {
      try {
        return await run(...args);
      } catch (thrown) {
        // Not awaited: the command is over, however long its message is looked at.
        void showProblem(log, thrown);
      }
    }),
  );
}
