/** Written by scripts/manifest.ts from package.json; never by hand. */

export type CommandId =
  | "jiuzhang.openSample"
  | "jiuzhang.preview"
  | "jiuzhang.preview.generate"
  | "jiuzhang.preview.next"
  | "jiuzhang.preview.previous"
  | "jiuzhang.preview.random"
  | "jiuzhang.preview.longest"
  | "jiuzhang.preview.search"
  | "jiuzhang.preview.pin"
  | "jiuzhang.panel.key"
  | "jiuzhang.openCorpus"
  | "jiuzhang.importFile"
  | "jiuzhang.exportDataset"
  | "jiuzhang.showStatus"
  | "jiuzhang.restartServer"
  | "jiuzhang.showLog"
  | "jiuzhang.rebuildIndex"
  | "jiuzhang.refreshDatasets"
  | "jiuzhang.refreshEndpoints"
  | "jiuzhang.discoverServers"
  | "jiuzhang.addTemplates"
  | "jiuzhang.generate"
  | "jiuzhang.generateFromSelection"
  | "jiuzhang.stopGeneration"
  | "jiuzhang.addEndpoint"
  | "jiuzhang.testEndpoint"
  | "jiuzhang.makeDefault"
  | "jiuzhang.openDeclaration"
  | "jiuzhang.setKey"
  | "jiuzhang.removeKey"
  | "jiuzhang.installEngine"
  | "jiuzhang.copyName";

export type ViewId =
  | "jiuzhang.templates"
  | "jiuzhang.datasets"
  | "jiuzhang.endpoints";

export interface Settings {
  "jiuzhang.endpoint": string | null;
  "jiuzhang.dataset": string;
  "jiuzhang.count": number;
  "jiuzhang.confirmAbove": number | null;
  "jiuzhang.person": string | null;
  "jiuzhang.trace.server": "off" | "messages" | "verbose";
}

/** What each setting may be, for whoever reads what people wrote into settings.json. */
export const SETTINGS: { [K in keyof Settings]: { types: readonly string[]; values: readonly unknown[] | null; default: Settings[K] } } = {
  "jiuzhang.endpoint": { types: ["string", "null"], values: null, default: null },
  "jiuzhang.dataset": { types: ["string"], values: null, default: "scratch" },
  "jiuzhang.count": { types: ["integer"], values: null, default: 1 },
  "jiuzhang.confirmAbove": { types: ["number", "null"], values: null, default: 1 },
  "jiuzhang.person": { types: ["string", "null"], values: null, default: null },
  "jiuzhang.trace.server": { types: ["string"], values: ["off", "messages", "verbose"], default: "off" },
};
