import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/root.ts";

/**
 * Packages a tiny extension that, like others in the field, registers languages of its own for files that we care about and
 * has something to say about them.
 * @returns the package's file
 */
export function packageNeighbour(folder: string, neighbour: { name: string; language: string; endings: string[]; says: string }): string {
  const { name, language, endings, says } = neighbour;
  const home = join(folder, name);
  mkdirSync(home, { recursive: true });
  const manifest = {
    name,
    publisher: "neighbour",
    version: "1.0.0",
    engines: { vscode: "^1.101.0" },
    main: "./extension.cjs",
    activationEvents: [`onLanguage:${language}`],
    contributes: {
      languages: [{ id: language, aliases: [`${name} ${language}`], extensions: endings }],
      configurationDefaults: { [`[${language}]`]: { "editor.tabSize": 2 } },
    },
  };
  writeFileSync(join(home, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(home, "extension.cjs"), program(language, name, says));
  const file = join(folder, `${name}.vsix`);
  const vsce = join(root, "node_modules", "@vscode", "vsce", "vsce");
  const flags = ["--no-dependencies", "--allow-missing-repository", "--skip-license", "--out", file];
  const { status, stdout, stderr } = spawnSync(process.execPath, [vsce, "package", ...flags], { cwd: home, encoding: "utf8" });
  if (status !== 0) throw new Error(`vsce could not package ${name}:\n${stdout}${stderr}`);
  return file;
}

/** It marks the first line of every document of its language, and offers a completion. */
const program = (language: string, name: string, says: string) => `
const { languages, workspace, Diagnostic, DiagnosticSeverity, Range, CompletionItem } = require("vscode");
exports.activate = ({ subscriptions }) => {
  const found = languages.createDiagnosticCollection(${JSON.stringify(name)});
  const look = (document) => {
    if (document.languageId !== ${JSON.stringify(language)}) return;
    const mark = new Diagnostic(new Range(0, 0, 0, 1), ${JSON.stringify(says)}, DiagnosticSeverity.Information);
    mark.source = ${JSON.stringify(name)};
    found.set(document.uri, [mark]);
  };
  workspace.textDocuments.forEach(look);
  const complete = { provideCompletionItems: () => [new CompletionItem(${JSON.stringify(says)})] };
  subscriptions.push(found, workspace.onDidOpenTextDocument(look), languages.registerCompletionItemProvider(${JSON.stringify(language)}, complete));
};
`;
