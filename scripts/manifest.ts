/**
 * Writes what follows from package.json: the ids and settings that the client may name (client/src/ids.ts) and the README's tables
 * of commands and settings. With --check nothing is written, and a file that is not what it should be fails.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./root.ts";

interface Setting {
  type: string | string[];
  default: unknown;
  enum?: unknown[];
  markdownDescription?: string;
}

interface Manifest {
  contributes: {
    commands: { command: string; category: string; title: string }[];
    keybindings?: { command: string; key: string }[];
    menus: Record<string, { command?: string; when?: string }[]>;
    views: Record<string, { id: string }[]>;
    configuration: { properties: Record<string, Setting> };
  };
}

const { contributes } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
const settings = Object.entries(contributes.configuration.properties);
const views = Object.values(contributes.views).flat();

const union = (ids: readonly string[]) => ids.map((id) => `\n  | ${JSON.stringify(id)}`).join("");
const typesOf = ({ type }: Setting) => (typeof type === "string" ? [type] : type);
const typeOf = (setting: Setting) =>
  setting.enum !== undefined
    ? setting.enum.map((value) => JSON.stringify(value)).join(" | ")
    : typesOf(setting)
        .map((type) => (type === "integer" ? "number" : type))
        .join(" | ");

const ids = `/** Written by scripts/manifest.ts from package.json; never by hand. */

export type CommandId =${union(contributes.commands.map(({ command }) => command))};

export type ViewId =${union(views.map(({ id }) => id))};

export interface Settings {
${settings.map(([id, setting]) => `  ${JSON.stringify(id)}: ${typeOf(setting)};`).join("\n")}
}

/** What each setting may be, for whoever reads what people wrote into settings.json. */
export const SETTINGS: { [K in keyof Settings]: { types: readonly string[]; values: readonly unknown[] | null; default: Settings[K] } } = {
${settings
  .map(
    ([id, setting]) =>
      `  ${JSON.stringify(id)}: { types: ${list(typesOf(setting))}, values: ${setting.enum === undefined ? null : list(setting.enum)}, default: ${JSON.stringify(setting.default)} },`,
  )
  .join("\n")}
};
`;

function list(values: readonly unknown[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(", ")}]`;
}

/** “Ctrl+Enter”, as menus write it. */
function keysOf(command: string): string {
  const key = contributes.keybindings?.find((binding) => binding.command === command)?.key;
  return key === undefined ? "" : `\`${key.replace(/\b[a-z]/g, (letter) => letter.toUpperCase())}\``;
}
const hidden = new Set((contributes.menus.commandPalette ?? []).flatMap(({ command, when }) => (when === "false" ? [command] : [])));
const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const tables: Record<string, string> = {
  commands: [
    "| command | keys |",
    "| --- | --- |",
    ...contributes.commands
      .filter(({ command }) => !hidden.has(command))
      .map(({ command, category, title }) => `| ${cell(`${category}: ${title}`)} | ${keysOf(command)} |`),
  ].join("\n"),
  settings: [
    "| setting | default | what it does |",
    "| --- | --- | --- |",
    ...settings.map(
      ([id, setting]) => `| \`${id}\` | \`${cell(JSON.stringify(setting.default))}\` | ${cell(setting.markdownDescription ?? "")} |`,
    ),
  ].join("\n"),
};

const readme = join(root, "README.md");
const filled = Object.entries(tables).reduce(
  (text, [name, table]) => {
    const place = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(\\n<!-- /${name} -->)`);
    if (!place.test(text)) throw new Error(`README.md has no place for the table of ${name}: <!-- ${name} --> … <!-- /${name} -->`);
    return text.replace(place, (_, before: string, after: string) => `${before}${table}${after}`);
  },
  readFileSync(readme, "utf8"),
);

const check = process.argv.includes("--check");
for (const [path, text] of [
  [join(root, "client", "src", "ids.ts"), ids],
  [readme, filled],
] as const) {
  if (read(path) === text) continue;
  if (check) {
    console.error(`${path}: not what package.json says; run npm run build and commit it`);
    process.exitCode = 1;
  } else writeFileSync(path, text);
}

function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
