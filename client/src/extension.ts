import { EventEmitter, type ExtensionContext, window } from "vscode";
import { registerRebuild } from "./commands/rebuild.ts";
import { registerSample } from "./commands/sample.ts";
import { registerAddTemplates } from "./commands/templates.ts";
import type { ClientContext } from "./context.ts";
import { registerCorpus } from "./corpus/register.ts";
import { mayHaveKey } from "./endpoints/may-have-key.ts";
import { registerEndpoints } from "./endpoints/register.ts";
import { createSecrets } from "./endpoints/secrets.ts";
import { createGenerations } from "./generate/generations.ts";
import { registerGenerate } from "./generate/register.ts";
import { registerPreview } from "./preview/register.ts";
import { createProjects } from "./project/projects.ts";
import { createServer } from "./server/connection.ts";
import { startWithDocuments } from "./server/documents.ts";
import { createSettings } from "./settings/settings.ts";
import { createStatus } from "./status/item.ts";
import { registerStatus } from "./status/register.ts";
import { registerViews } from "./views/register.ts";

let close: (() => Promise<void>) | null = null;

/** Runs when a template, a recipe, one of our views or commands is first used. Features register here; nothing is started before it is needed. */
export function activate(extension: ExtensionContext): void {
  const { subscriptions } = extension;
  const log = window.createOutputChannel("JiuZhang", { log: true });
  const settings = createSettings();
  const secrets = createSecrets(extension.secrets, mayHaveKey);
  const server = createServer({ extension, log, settings, secrets });
  const status = createStatus(server, subscriptions);
  const endpointsChanged = new EventEmitter<void>();
  subscriptions.push(endpointsChanged);
  // Subscriptions are disposed of while `deactivate` still waits: the log is needed until the server has ended.
  close = async () => {
    await server.close();
    log.dispose();
  };
  const context: ClientContext = {
    extension,
    log,
    server,
    projects: createProjects(subscriptions, log),
    status,
    settings,
    secrets,
    endpointsChanged,
    generations: createGenerations({ server, settings, status }),
  };
  startWithDocuments(context);
  registerStatus(context);
  registerViews(context);
  registerRebuild(context);
  registerAddTemplates(context);
  registerSample(context);
  registerCorpus(context);
  registerEndpoints(context);
  registerGenerate(context, registerPreview(context));
}

/** The editor waits for it: the server closes its indexes in order. */
export async function deactivate(): Promise<void> {
  await close?.();
}
