import type { Handlers, ServerContext } from "./context.ts";
import type { Previewer } from "./preview/previewer.ts";

const previewers = new WeakMap<ServerContext, Promise<Previewer>>();

/** What renders previews, loaded with the first of them, so that the server answers sooner. */
function previewer(context: ServerContext): Promise<Previewer> {
  const known = previewers.get(context);
  if (known !== undefined) return known;
  const loading = import("./preview/previewer.ts").then(({ createPreviewer }) => createPreviewer(context));
  previewers.set(context, loading);
  return loading;
}

export const previewHandlers: Handlers<"preview/render" | "preview/copy"> = {
  async "preview/render"(context, { settle = false, ...subject }) {
    return await (await previewer(context)).render(subject, settle);
  },

  async "preview/copy"(context, { what, ...subject }) {
    return { text: await (await previewer(context)).copy(subject, what) };
  },
};
