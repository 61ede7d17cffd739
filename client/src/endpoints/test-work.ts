import type { EndpointTest, NewEndpoint } from "#protocol/messages/endpoints.ts";
import type { ClientContext } from "../context.ts";
import { runWork } from "../status/work.ts";
import { originOf } from "./names.ts";
import type { Key } from "./secrets.ts";

type Testing = Pick<ClientContext, "server" | "status" | "secrets">;

/** An endpoint that is not written down yet, with a key that need not be stored yet. */
export interface Draft {
  endpoint: NewEndpoint;
  key: string | null;
}

/** Asks an endpoint, with Cancel; `ask: false` asks for its models alone. @throws ProblemError cancelled, project/untrusted */
export function testDraft(context: Testing, project: string, { endpoint, key }: Draft, ask: boolean): Promise<EndpointTest> {
  const run = () =>
    runWork(context, ask ? `Testing endpoint ${endpoint.name}` : "Asking for the models", ({ signal }) =>
      context.server.request("endpoints/test", { project, endpoint: { given: endpoint }, ask }, signal),
    );
  return endpoint.secret === null || key === null
    ? run()
    : context.secrets.trying({ name: endpoint.secret, origin: originOf(endpoint.base_url), value: key }, run);
}

/** Asks an endpoint of the recipe; `key` is tried in the place of the stored one. */
export function testDeclared(context: Testing, project: string, name: string, key: Key | null = null): Promise<EndpointTest> {
  const run = () =>
    runWork(context, `Testing endpoint ${name}`, ({ signal }) =>
      context.server.request("endpoints/test", { project, endpoint: { declared: name } }, signal),
    );
  return key === null ? run() : context.secrets.trying(key, run);
}

/** What a successful test brought, in a line. */
export function answerWords(name: string, { answer }: EndpointTest): string {
  if (answer === null) return `${name} can be asked`;
  const said = answer.text.replace(/\s+/g, " ").trim();
  const shown = said === "" ? "" : `: “${said.length > 40 ? `${said.slice(0, 39)}…` : said}”`;
  return `${name} answers in ${(answer.milliseconds / 1000).toFixed(1)} s${shown}`;
}
