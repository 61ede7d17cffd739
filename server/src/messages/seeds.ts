import { fail } from "#protocol/errors.ts";
import type { Handlers } from "./context.ts";

const pending = async () => {
  throw fail("internal", "This is being built");
};

export const seedHandlers: Handlers<"seeds/pick" | "seeds/search"> = {
  "seeds/pick": pending,
  "seeds/search": pending,
};
