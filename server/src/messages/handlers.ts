import type { RequestName } from "#protocol/messages.ts";
import type { Handlers } from "./context.ts";
import { corpusHandlers } from "./corpus.ts";
import { endpointHandlers } from "./endpoints.ts";
import { generateHandlers } from "./generate.ts";
import { previewHandlers } from "./preview.ts";
import { projectHandlers } from "./project.ts";
import { seedHandlers } from "./seeds.ts";

/** Every request of the contract has its handler here, in exactly one group. */
export const handlers: Handlers<RequestName> = {
  ...projectHandlers,
  ...previewHandlers,
  ...seedHandlers,
  ...generateHandlers,
  ...corpusHandlers,
  ...endpointHandlers,
};
