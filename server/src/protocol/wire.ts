import type { ClientNotifications, ClientRequests, ServerNotifications } from "./messages.ts";

/** How a message of ours is named on the wire, beside the methods of the Language Server Protocol. */
export const wireName = (name: string): string => `jiuzhang/${name}`;

/** JSON-RPC error code of a failed request of ours; `data` holds the `Problem`. It lies in the range that the specification leaves to servers. */
export const PROBLEM_CODE = -32001;

/**
 * Names of the messages that have no schema, for whoever registers them and for the test that holds the contract against both
 * sides. The types beside them keep the lists complete.
 */
export const SERVER_NOTIFICATIONS = namesOf<keyof ServerNotifications>()("corpus/changed", "generate/event", "progress");
export const CLIENT_REQUESTS = namesOf<keyof ClientRequests>()("secret/has", "secret/get");
export const CLIENT_NOTIFICATIONS = namesOf<keyof ClientNotifications>()("workspace/trusted", "settings/changed");

/** A list of names, which the compiler refuses unless it has every one of them. */
export function namesOf<All extends string>() {
  return <const Names extends readonly All[]>(...names: [All] extends [Names[number]] ? Names : never): Names => names;
}
