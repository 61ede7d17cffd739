import { registerCommand } from "../commands/register.ts";
import type { ClientContext } from "../context.ts";

/** The commands about the server itself. */
export function registerStatus(context: ClientContext): void {
  const { server, log } = context;
  registerCommand(context, "jiuzhang.restartServer", () => server.restart());
  registerCommand(context, "jiuzhang.showLog", () => log.show());
}
