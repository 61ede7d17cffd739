import { fail } from "#protocol/errors.ts";
import type { Handlers } from "./context.ts";

const pending = async () => {
  throw fail("internal", "This is being built");
};

export const generateHandlers: Handlers<"generate/run" | "generate/running" | "generate/stop"> = {
  "generate/run": pending,
  "generate/running": pending,
  "generate/stop": pending,
};
