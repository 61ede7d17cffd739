import { fail } from "#protocol/errors.ts";
import type { Handlers } from "./context.ts";

const pending = async () => {
  throw fail("internal", "This is being built");
};

export const endpointHandlers: Handlers<
  "endpoints/list" | "endpoints/discover" | "endpoints/test" | "endpoints/add" | "engine/status" | "engine/install"
> = {
  "endpoints/list": pending,
  "endpoints/discover": pending,
  "endpoints/test": pending,
  "endpoints/add": pending,
  "engine/status": pending,
  "engine/install": pending,
};
