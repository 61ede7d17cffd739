import { type ExtensionContext, window } from "vscode";
import { createServer } from "./server/connection.ts";

/** Runs when a template, one of our views or commands is first used. Nothing is started before it is needed. */
export function activate(context: ExtensionContext): void {
  const log = window.createOutputChannel("JiuZhang", { log: true });
  const server = createServer(context, log);
  context.subscriptions.push(log, server);
}
