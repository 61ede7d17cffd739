import type { Disposable, Uri } from "vscode";
import type { Settings } from "../ids.ts";

/** Our settings, each of the type that the manifest declares whatever people wrote into settings.json. */
export interface SettingsReader {
  get<K extends keyof Settings>(id: K, scope?: Uri | null): Settings[K];
  onChange<K extends keyof Settings>(id: K, listener: () => void): Disposable;
}
