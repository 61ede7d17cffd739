import { createHere } from "./here-transport.ts";
import { createSsh } from "./ssh-transport.ts";
import type { Transport } from "./transport.ts";

/** What a recipe says of how a host is reached. */
export interface Reach {
  /** As ssh knows it; without it this machine. */
  ssh?: string | undefined;
}

/** A host's transport; nothing is connected before it is first asked something. */
export const connectHost = ({ ssh }: Reach): Transport => (ssh === undefined ? createHere() : createSsh({ destination: ssh }));

/** Where jobs and models lie on a host that names no root. */
export const DEFAULT_ROOT = "~/.jiuzhang";
