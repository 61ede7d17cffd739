import { fail } from "#protocol/errors.ts";
import type { Handlers } from "./context.ts";

const pending = async () => {
  throw fail("internal", "This is being built");
};

export const corpusHandlers: Handlers<
  | "corpus/datasets"
  | "corpus/page"
  | "corpus/anchors"
  | "corpus/facets"
  | "corpus/count"
  | "corpus/walk"
  | "corpus/label"
  | "corpus/edit"
  | "corpus/delete"
  | "corpus/undo"
  | "corpus/export"
  | "corpus/import"
  | "corpus/rebuild"
> = {
  "corpus/datasets": pending,
  "corpus/page": pending,
  "corpus/anchors": pending,
  "corpus/facets": pending,
  "corpus/count": pending,
  "corpus/walk": pending,
  "corpus/label": pending,
  "corpus/edit": pending,
  "corpus/delete": pending,
  "corpus/undo": pending,
  "corpus/export": pending,
  "corpus/import": pending,
  "corpus/rebuild": pending,
};
