import { type TextDocument, workspace } from "vscode";
import type { ClientContext } from "../context.ts";
import { DOCUMENT_SCHEMES } from "../project/schemes.ts";

/** Starts the server when a template or a recipe is open: what is wrong with it is told while it is written. */
export function startWithDocuments({ server, extension }: ClientContext): void {
  const start = ({ languageId, uri }: TextDocument) => {
    const ours = languageId === "prompty" || uri.path.endsWith("/jiuzhang.yaml");
    if (!ours || !DOCUMENT_SCHEMES.includes(uri.scheme)) return;
    // The status item tells of a server that does not start.
    server.start().catch(() => {});
  };
  for (const document of workspace.textDocuments) start(document);
  extension.subscriptions.push(workspace.onDidOpenTextDocument(start));
}
