import type { Problem } from "#protocol/errors.ts";
import type { EndpointSummary } from "#protocol/messages/endpoints.ts";
import type { PickedSeed, Preview, Rendering } from "#protocol/messages/preview.ts";
import type { Params } from "#protocol/messages.ts";
import type { KeptPreview, PreviewChoice, PreviewState } from "#protocol/panels.ts";
import { ProblemError, type Server } from "../server/server.ts";
import { whatBlocks } from "./blocked.ts";
import { createLatest } from "./latest.ts";

/** What a preview needs of the editor. Documents are named by their URIs. */
export interface PreviewPorts {
  server: Pick<Server, "request" | "state">;
  /** The version of a document that is open in the editor; null where it is not. */
  version(uri: string): number | null;
  project(uri: string): string | null;
  trusted(): boolean;
  /** The endpoint that the settings name. */
  endpoint(uri: string): string | null;
  name(uri: string): string;
  /** Whether anybody can see the panel. */
  visible(): boolean;
  show(preview: Preview): void;
  tell(state: PreviewState): void;
  pause(milliseconds: number): Promise<void>;
}

/** What one preview panel shows: a template, a seed, an endpoint. It asks the server and tells its panel. */
export interface PreviewModel {
  readonly uri: string | null;
  readonly project: string | null;
  readonly pinned: boolean;
  readonly kept: KeptPreview;
  /** Shows another template; the seed stays where the project does. */
  template(uri: string): void;
  /** The template's text has changed, or something else that its rendering depends on. A hidden panel has its new picture when it is shown. */
  changed(): void;
  /** The panel is shown again. */
  shown(): void;
  /** Datasets or endpoints may have changed. */
  reload(): void;
  /** Trust, settings or the server have changed. */
  circumstances(): void;
  /** @throws ProblemError */
  choose(choice: PreviewChoice): Promise<void>;
  notice(problem: Problem | null): void;
  /** Tells everything once more: the panel has just begun to listen. */
  resend(): void;
  /** What a generation from this preview asks with. @throws ProblemError where it cannot */
  request(): Pick<Params<"generate/run">, "project" | "template" | "seeds" | "endpoint">;
  /** What the server is asked about, for a copy. @throws ProblemError where nothing is shown */
  subject(): Omit<Params<"preview/copy">, "what">;
  stop(): void;
}

/** How long the first picture waits for a seed, so that it does not show made up values for a moment. */
const SEED_WITHIN_MILLISECONDS = 400;

/** How often a rendering of an older text is asked for again, and how long after. */
const CATCH_UP_TIMES = 20;
const CATCH_UP_MILLISECONDS = 5;

export function createPreviewModel(ports: PreviewPorts, kept: KeptPreview): PreviewModel {
  const { server } = ports;
  let uri: string | null = null;
  let project: string | null = null;
  let pinned = kept.pinned;
  let endpoint = kept.endpoint;
  let wanted: KeptPreview["seed"] = kept.seed;
  let seed: PickedSeed | null = null;
  let datasets: PreviewState["datasets"] = [];
  let endpoints: EndpointSummary[] | null = null;
  let last: Preview | null = null;
  let values: Rendering["values"]["from"] | null = null;
  let notice: Problem | null = null;
  /** Settles when a first seed has been looked for. */
  let looked: Promise<void> = Promise.resolve();
  let choices: Promise<unknown> = Promise.resolve();
  /** Something has changed while nobody saw it. */
  let missed = false;

  const chosenEndpoint = () => endpoint ?? (uri === null ? null : ports.endpoint(uri));

  const tell = () =>
    ports.tell({
      uri,
      name: uri === null ? null : ports.name(uri),
      pinned,
      seed,
      datasets,
      endpoints: endpoints ?? [],
      endpoint: chosenEndpoint(),
      notice,
      ...whatBlocks({
        project,
        trusted: ports.trusted(),
        server: server.state.name,
        endpoints: project === null ? [] : endpoints,
        endpoint: chosenEndpoint(),
        values,
      }),
    });

  const subject = (of: string): Omit<Params<"preview/copy">, "what"> => ({
    project,
    uri: of,
    seed: project === null ? null : seed === null ? wanted : { dataset: seed.dataset, id: seed.id },
    endpoint: chosenEndpoint(),
  });

  const take = (preview: Preview) => {
    last = preview;
    const from = preview.rendering?.values.from ?? values;
    const reread = notice?.code === "template/unreadable" || notice?.code === "template/too-large";
    if (reread) notice = null;
    ports.show(preview);
    if (from !== values || reread) {
      values = from;
      tell();
    }
  };

  const fail = (thrown: unknown, of: string) => {
    const problem = thrown instanceof ProblemError ? thrown.problem : { code: "internal" as const, message: String(thrown) };
    // That the server went is told by its state, and its return asks again.
    if (of !== uri || problem.code === "cancelled" || problem.code.startsWith("server/")) return;
    notice = problem;
    tell();
  };

  const latest = createLatest({
    async run() {
      const of = uri;
      if (of === null) return false;
      try {
        await Promise.race([looked, ports.pause(SEED_WITHIN_MILLISECONDS)]);
        for (let attempt = 0; ; attempt++) {
          const preview = await server.request("preview/render", subject(of));
          if (of !== uri) return false;
          const behind = preview.version !== null && preview.version < (ports.version(of) ?? 0);
          if (!behind || attempt === CATCH_UP_TIMES) {
            take(preview);
            return preview.rendering?.tokens.settled === false;
          }
          // The text has not reached the server yet: the request went ahead of it.
          await ports.pause(CATCH_UP_MILLISECONDS);
        }
      } catch (thrown) {
        fail(thrown, of);
        return false;
      }
    },
    async settle(signal) {
      const of = uri;
      if (of === null) return;
      try {
        const preview = await server.request("preview/render", { ...subject(of), settle: true }, signal);
        if (of === uri && !signal.aborted) take(preview);
      } catch (thrown) {
        fail(thrown, of);
      }
    },
  });

  // A broken template is followed all the same: a command that generates must hear that it is mended.
  const refresh = () => {
    missed = !ports.visible() && last?.rendering != null;
    if (!missed) latest.ask();
  };

  const readLists = async (of: string) => {
    const [found, known] = await Promise.allSettled([
      server.request("corpus/datasets", { project: of }),
      server.request("endpoints/list", { project: of }),
    ]);
    if (of !== project) return;
    if (found.status === "fulfilled")
      datasets = found.value.datasets.filter(({ kind }) => kind === "seed").map(({ name, rows }) => ({ name, rows }));
    if (known.status === "fulfilled") endpoints = known.value.endpoints;
    tell();
  };

  /** The seed that was kept, else the first of the project. */
  const firstSeed = async (of: string) => {
    const id = wanted;
    try {
      if (id !== null) seed = await server.request("seeds/pick", { project: of, dataset: id.dataset, pick: { how: "id", id: id.id } });
    } catch {
      // It is gone with its dataset; another one is looked for.
      wanted = null;
    }
    try {
      seed ??= await server.request("seeds/pick", { project: of, dataset: null, pick: { how: "first" } });
    } catch (thrown) {
      fail(thrown, uri ?? "");
    }
    if (of !== project) return;
    wanted = null;
    tell();
    // A picture may have been made without it: nobody waits for a seed longer than a moment.
    if (seed !== null && values === "sample") latest.ask();
  };

  const pick = async ({ pick: how, dataset }: PreviewChoice) => {
    const of = project;
    if (of === null) throw new ProblemError({ code: "project/none", message: "No folder is open", remedy: "Open a folder first." });
    // The panel may have asked twice before the first answer came: each step goes on from where the one before led.
    const from = seed?.id;
    const step = how !== undefined && "from" in how && from !== undefined ? { ...how, from } : (how ?? ({ how: "first" } as const));
    const named = dataset === undefined ? (seed?.dataset ?? null) : dataset;
    const found = await server.request("seeds/pick", { project: of, dataset: named, pick: step });
    if (of !== project) return;
    seed = found;
    wanted = null;
  };

  return {
    get uri() {
      return uri;
    },
    get project() {
      return project;
    },
    get pinned() {
      return pinned;
    },
    get kept() {
      return { uri, seed: seed === null ? wanted : { dataset: seed.dataset, id: seed.id }, endpoint, pinned };
    },
    template(next) {
      if (next === uri) return;
      uri = next;
      notice = null;
      values = null;
      const found = ports.project(next);
      if (found !== project) {
        if (project !== null) endpoint = null;
        project = found;
        seed = null;
        datasets = [];
        endpoints = null;
        if (found !== null) {
          looked = firstSeed(found);
          void readLists(found);
        }
      }
      tell();
      latest.ask();
    },
    changed: refresh,
    shown() {
      if (missed) refresh();
    },
    reload() {
      if (project === null) return;
      void readLists(project);
      if (seed === null) looked = firstSeed(project);
      refresh();
    },
    circumstances() {
      tell();
    },
    choose(choice) {
      const next = choices.then(async () => {
        if (choice.pinned !== undefined) pinned = choice.pinned;
        if (choice.endpoint !== undefined) endpoint = choice.endpoint;
        if (choice.pick !== undefined || choice.dataset !== undefined) await pick(choice);
        tell();
        latest.ask();
      });
      choices = next.catch(() => {});
      return next;
    },
    notice(problem) {
      notice = problem;
      tell();
    },
    resend() {
      tell();
      if (last !== null && last.uri === uri) ports.show(last);
    },
    request() {
      if (uri === null || project === null || last?.rendering == null || last.uri !== uri)
        throw new ProblemError({ code: "template/invalid", message: "There is nothing to generate from: the template has an error" });
      const shown = last.rendering.values;
      if (shown.from === "sample")
        throw new ProblemError({ code: "import/empty", message: "There is no seed to generate from", remedy: "Import seeds first." });
      const seeds =
        shown.from === "seed" ? { from: "row" as const, dataset: shown.seed.dataset, id: shown.seed.id } : { from: "none" as const };
      return { project, template: uri, seeds, endpoint: chosenEndpoint() };
    },
    subject() {
      if (uri === null) throw new ProblemError({ code: "usage/not-found", message: "No template is shown" });
      return subject(uri);
    },
    stop: latest.stop,
  };
}
