import { window } from "vscode";
import { registerCommand } from "../commands/register.ts";
import type { ClientContext } from "../context.ts";
import { ProblemError } from "../server/server.ts";
import { addEndpoint } from "./add.ts";
import { chooseTarget } from "./choose.ts";
import { installEmbedded } from "./install.ts";
import { removeKey, setKey } from "./keys.ts";
import { answerWords, testDeclared } from "./test-work.ts";

/** The commands around endpoints: to add and test them, to keep their keys, to install the embedded one. */
export function registerEndpoints(context: ClientContext): void {
  registerCommand(context, "jiuzhang.addEndpoint", (argument?: unknown) => addEndpoint(context, argument));
  registerCommand(context, "jiuzhang.setKey", (argument?: unknown) => setKey(context, argument));
  registerCommand(context, "jiuzhang.removeKey", (argument?: unknown) => removeKey(context, argument));
  registerCommand(context, "jiuzhang.installEngine", async (argument?: unknown) => {
    await installEmbedded(context, modelOf(argument));
  });
  registerCommand(context, "jiuzhang.testEndpoint", async (argument?: unknown) => {
    const { project, endpoint } = await chooseTarget(context, argument, {
      title: "Test endpoint",
      none: "No endpoint is declared in jiuzhang.yaml",
    });
    const test = await testDeclared(context, project, endpoint.name);
    if (test.problem !== null) throw new ProblemError({ ...test.problem, message: `${endpoint.name}: ${test.problem.message}` }, []);
    window.setStatusBarMessage(`$(check) ${answerWords(endpoint.name, test)}`, 15_000);
  });
}

/** The model that a problem named as missing, or that an endpoint of the tree asks; null for the default. */
function modelOf(argument: unknown): string | null {
  if (typeof argument !== "object" || argument === null) return null;
  const { model, endpoint } = argument as { model?: unknown; endpoint?: { modelFile?: unknown } };
  const named = model ?? endpoint?.modelFile;
  return typeof named === "string" ? named : null;
}
