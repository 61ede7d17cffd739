import { type CancellationToken, type Connection, ResponseError } from "vscode-languageserver/node";
import { fail, formatProblem, toProblem } from "#protocol/errors.ts";
import { type Params, type RequestName, requestParams } from "#protocol/messages.ts";
import { PROBLEM_CODE, wireName } from "#protocol/wire.ts";
import type { Handlers, ServerContext } from "./context.ts";

/**
 * Answers every request of the contract: checks its parameters, gives the handler a signal that the client's cancellation
 * aborts, and sends whatever it throws as a `Problem`.
 */
export function serveRequests(
  connection: Connection,
  context: ServerContext,
  handlers: Handlers<RequestName>,
  shutdown: AbortSignal,
): void {
  const serve = <K extends RequestName>(name: K) =>
    connection.onRequest(wireName(name), async (params: unknown, token: CancellationToken): Promise<unknown> => {
      const abort = new AbortController();
      const stop = () => abort.abort();
      if (token.isCancellationRequested || shutdown.aborted) stop();
      const cancelled = token.onCancellationRequested(stop);
      shutdown.addEventListener("abort", stop, { once: true });
      try {
        // A server that is ending opens nothing any more.
        abort.signal.throwIfAborted();
        return await handlers[name](context, checked(name, params), { signal: abort.signal });
      } catch (thrown) {
        const problem = toProblem(thrown);
        if (problem.code !== "cancelled") context.log(problem.code === "internal" ? "error" : "info", `${name}: ${formatProblem(problem)}`);
        throw new ResponseError(PROBLEM_CODE, problem.message, problem);
      } finally {
        cancelled.dispose();
        shutdown.removeEventListener("abort", stop);
      }
    });
  for (const name of Object.keys(requestParams) as RequestName[]) serve(name);
}

function checked<K extends RequestName>(name: K, params: unknown): Params<K> {
  const result = requestParams[name].safeParse(params);
  if (result.success) return result.data as Params<K>;
  const [issue] = result.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? "" : ` at “${issue.path.join(".")}”`;
  throw fail("usage/invalid-argument", `The message “${name}” has the wrong shape${place}: ${issue?.message ?? "unknown"}`, {
    remedy: "Reload the window: the editor's part and the server are of different versions.",
    data: { message: name },
  });
}
