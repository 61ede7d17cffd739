import { fail } from "#protocol/errors.ts";
import type { Handlers } from "./context.ts";

const pending = async () => {
  throw fail("internal", "This is being built");
};

export const previewHandlers: Handlers<"preview/render" | "preview/copy"> = {
  "preview/render": pending,
  "preview/copy": pending,
};
