import { fail } from "#protocol/errors.ts";
import type { ServerContext } from "./context.ts";

/** @throws project/untrusted: in such a workspace no process, no connection and no program is started */
export function refuseUntrusted(context: ServerContext, what: string): void {
  if (context.trusted()) return;
  throw fail("project/untrusted", `${what} waits until you trust this folder`, {
    remedy: "Trust it (“Manage Workspace Trust”), if you know who wrote its files.",
  });
}
