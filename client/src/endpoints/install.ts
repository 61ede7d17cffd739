import { window } from "vscode";
import type { ClientContext } from "../context.ts";
import { ProblemError } from "../server/server.ts";
import { bytes } from "../status/words.ts";
import { runWork } from "../status/work.ts";

/**
 * Installs the embedded engine and a model, with how far it is, how fast, and Cancel.
 * `model`: a GGUF file or an `hf:` address; null for the default. @throws ProblemError engine/…, cancelled
 */
export async function installEmbedded(context: ClientContext, model: string | null): Promise<void> {
  const { server } = context;
  const before = await server.request("engine/status", {});
  if (before.problem !== null) throw new ProblemError(before.problem);
  if (before.installed && model === null) {
    window.setStatusBarMessage("$(check) The embedded model is installed already", 10_000);
    return;
  }
  const after = await runWork(
    context,
    "Installing the embedded model",
    ({ signal, token }) => server.request("engine/install", { progress: token, model }, signal),
    { atOnce: true },
  );
  context.endpointsChanged.fire();
  window.setStatusBarMessage(`$(check) The embedded model is installed${after.bytes === null ? "" : `, ${bytes(after.bytes)}`}`, 10_000);
}
