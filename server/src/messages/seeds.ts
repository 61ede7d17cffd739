import type { Handlers } from "./context.ts";
import { inCorpus } from "./corpus-problems.ts";

export const seedHandlers: Handlers<"seeds/pick" | "seeds/search"> = {
  async "seeds/pick"(context, { project, dataset, pick }, { signal }) {
    const app = await context.projects.open(project);
    return await inCorpus(app, () => app.store.read("pickSeed", { dataset, pick }, { signal }));
  },

  async "seeds/search"(context, { project, dataset, search }, { signal }) {
    const app = await context.projects.open(project);
    return await inCorpus(app, () => app.store.read("searchSeeds", { dataset, search }, { signal }));
  },
};
