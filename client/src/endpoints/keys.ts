import { Position, Range, Uri, window } from "vscode";
import type { ClientContext } from "../context.ts";
import { plain } from "../problems/plain.ts";
import { ProblemError } from "../server/server.ts";
import { cancelled, pick, type } from "./ask.ts";
import { chooseTarget, type EndpointTarget } from "./choose.ts";
import { originOf } from "./names.ts";
import { answerWords, testDeclared } from "./test-work.ts";

/** Asks for the key of an endpoint, tries it, and stores it where it works or the user says so. */
export async function setKey(context: ClientContext, argument: unknown): Promise<void> {
  const target = await chooseTarget(context, argument, {
    title: "Set API key",
    fits: ({ key }) => key?.kind === "secret",
    none: "No endpoint of jiuzhang.yaml names a secret as its key",
  });
  const { project, endpoint } = target;
  const secret = await secretOf(context, target);
  if (secret === null) return;
  for (;;) {
    const value = await askKey(`${endpoint.name}: key “${secret}”`, null);
    if (value === "") throw cancelled();
    const origin = originOf(endpoint.baseUrl);
    const test = await testDeclared(context, project, endpoint.name, { name: secret, origin, value });
    const said = test.problem === null ? "store" : await afterFailure(test.problem.message, test.problem.remedy);
    if (said === "again") continue;
    await context.secrets.store({ name: secret, origin, value });
    context.endpointsChanged.fire();
    const words =
      test.problem === null ? `Key “${secret}” is stored; ${answerWords(endpoint.name, test)}` : `Key “${secret}” is stored, untested`;
    window.setStatusBarMessage(`$(check) ${words}`, 10_000);
    return;
  }
}

/** Takes a key out of the editor's storage. */
export async function removeKey(context: ClientContext, argument: unknown): Promise<void> {
  const target = await chooseTarget(context, argument, {
    title: "Remove API key",
    fits: ({ key }) => key?.kind === "secret" && key.present,
    none: "No endpoint has a key in the editor's storage",
  });
  const secret = await secretOf(context, target);
  if (secret === null) return;
  if (!(await context.secrets.has(secret)))
    throw new ProblemError({
      code: "usage/not-found",
      message: `The editor's storage holds no key “${secret}”`,
      remedy: "It comes from an environment variable.",
    });
  // Nobody can bring it back.
  const remove = "Remove";
  const chosen = await window.showWarningMessage(`Remove the key “${secret}” from the editor's storage?`, { modal: true }, remove);
  if (chosen !== remove) throw cancelled();
  await context.secrets.remove(secret);
  context.endpointsChanged.fire();
  window.setStatusBarMessage(`$(check) Key “${secret}” is removed`, 10_000);
}

/** A key as the user types it, hidden; empty for none. @throws ProblemError cancelled */
export const askKey = (title: string, none: string | null): Promise<string> =>
  type({
    title,
    prompt: `It is kept in the editor's secret storage, never in a file${none === null ? "" : `. ${none}`}`,
    placeHolder: "Paste the key",
    password: true,
    check: (text) => (/\s/.test(text) ? "A key has no spaces or line breaks" : text === "" && none === null ? "Paste the key" : null),
  });

async function afterFailure(message: string, remedy: string | undefined): Promise<"again" | "store"> {
  const items = [
    { label: "Type another key", said: "again" as const },
    { label: "Store it all the same", said: "store" as const },
    { label: "Cancel", said: "cancel" as const },
  ];
  const { said } = await pick(items, { title: message, placeHolder: remedy ?? "The key was not accepted" });
  if (said === "cancel") throw cancelled();
  return said;
}

/** The name of an endpoint's secret; where its key comes from elsewhere the user is told, and null is given. */
async function secretOf({ server }: ClientContext, { project, endpoint }: EndpointTarget): Promise<string | null> {
  if (endpoint.key?.kind === "secret") return endpoint.key.name;
  if (endpoint.key?.kind === "env")
    throw new ProblemError({
      code: "model/missing-key",
      message: `The key of “${endpoint.name}” comes from the environment variable ${endpoint.key.name}`,
      remedy: "Set that before the editor is started, or write api_key: { secret: NAME } in jiuzhang.yaml.",
    });
  const open = "Open jiuzhang.yaml";
  const words = endpoint.embedded
    ? `“${endpoint.name}” runs on this machine and needs no key`
    : `“${endpoint.name}” names no key. Write api_key: { secret: NAME } below it.`;
  const chosen = await window.showInformationMessage(plain(words), ...(endpoint.embedded ? [] : [open]));
  if (chosen !== open) return null;
  const { file } = await server.request("endpoints/list", { project });
  const at = new Position(Math.max(0, (endpoint.line ?? 1) - 1), 0);
  await window.showTextDocument(Uri.file(file), { selection: new Range(at, at) });
  return null;
}
