import { type QuickPickItem, QuickPickItemKind, window } from "vscode";
import type { ClientContext } from "../context.ts";
import { hostOf } from "../views/lines.ts";
import { cancelled } from "./ask.ts";

/** Where a new endpoint's model is served. */
export type Source =
  | { kind: "embedded" }
  /** A known address; `keyed`: it is of no use without a key. */
  | { kind: "service"; baseUrl: string; keyed: boolean; models: string[] }
  | { kind: "address" };

type Item = QuickPickItem & { source?: Source };

const SERVICES: readonly (Item & { source: Source })[] = [
  {
    label: "$(cloud) OpenAI",
    description: "api.openai.com",
    source: { kind: "service", baseUrl: "https://api.openai.com/v1", keyed: true, models: [] },
  },
  {
    label: "$(cloud) OpenRouter",
    description: "openrouter.ai",
    source: { kind: "service", baseUrl: "https://openrouter.ai/api/v1", keyed: true, models: [] },
  },
  { label: "$(link) Another address…", description: "any OpenAI-compatible server", source: { kind: "address" } },
];

/** Asks where the model is served; servers that run on this machine are offered as soon as they are found. @throws ProblemError cancelled */
export async function chooseSource({ server, log }: ClientContext): Promise<Source> {
  const picker = window.createQuickPick<Item>();
  picker.title = "Add endpoint";
  picker.placeholder = "Where is the model served?";
  picker.ignoreFocusOut = true;
  picker.matchOnDescription = true;
  const embedded: Item = { label: "$(chip) Embedded model", description: "small, free, on this machine", source: { kind: "embedded" } };
  const items = (found: readonly Item[]) => [
    { label: "This machine", kind: QuickPickItemKind.Separator },
    ...found,
    embedded,
    { label: "Elsewhere", kind: QuickPickItemKind.Separator },
    ...SERVICES,
  ];
  picker.items = items([]);
  picker.busy = true;
  const looking = new AbortController();
  server
    .request("endpoints/discover", {}, looking.signal)
    .then(({ servers }) => {
      const active = picker.activeItems;
      picker.items = items(
        servers.map(({ name, baseUrl, models }) => ({
          label: `$(broadcast) ${name}`,
          description: `${hostOf(baseUrl)} · ${models.length === 1 ? models[0] : `${models.length} models`}`,
          source: { kind: "service", baseUrl, keyed: false, models },
        })),
      );
      // What the user was about to choose stays chosen though the list has grown.
      if (active.length > 0 && active[0] !== embedded) picker.activeItems = active;
    })
    // The other ways are there all the same.
    .catch((thrown) => log.debug(`Looking for model servers: ${thrown}`))
    .finally(() => {
      picker.busy = false;
    });
  picker.show();
  try {
    return await new Promise<Source>((resolve, reject) => {
      picker.onDidAccept(() => {
        const source = picker.selectedItems[0]?.source;
        if (source !== undefined) resolve(source);
      });
      picker.onDidHide(() => reject(cancelled()));
    });
  } finally {
    looking.abort();
    picker.dispose();
  }
}
