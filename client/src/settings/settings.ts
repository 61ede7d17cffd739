import { commands, type Uri, window, workspace } from "vscode";
import { SETTINGS, type Settings } from "../ids.ts";
import { plain } from "../problems/plain.ts";
import { expectation, fits } from "./check.ts";
import type { SettingsReader } from "./reader.ts";

/** Reads our settings. One of the wrong type counts as not set, and the user is told so once for each value. */
export function createSettings(): SettingsReader {
  const told = new Set<string>();

  const tell = async (id: keyof Settings, value: unknown) => {
    const key = `${id}=${JSON.stringify(value)}`;
    if (told.has(key)) return;
    told.add(key);
    const open = "Open Setting";
    const chosen = await window.showWarningMessage(
      plain(`The setting “${id}” should be ${expectation(id)}, and is ${JSON.stringify(value)?.slice(0, 60)}. Its default is used.`),
      open,
    );
    if (chosen === open) await commands.executeCommand("workbench.action.openSettings", `@id:${id}`);
  };

  return {
    get<K extends keyof Settings>(id: K, scope?: Uri | null): Settings[K] {
      const value: unknown = workspace.getConfiguration(undefined, scope ?? null).get(id);
      if (value === undefined) return SETTINGS[id].default;
      if (fits(id, value)) return value;
      void tell(id, value);
      return SETTINGS[id].default;
    },
    onChange: (id, listener) =>
      workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration(id)) listener();
      }),
  };
}
