import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/root.ts";

interface Manifest {
  activationEvents: string[];
  capabilities: { untrustedWorkspaces: { restrictedConfigurations: string[] } };
  contributes: {
    commands: { command: string; category: string; title: string }[];
    menus: Record<string, { command: string; when?: string }[]>;
    keybindings: { command: string }[];
    views: Record<string, { id: string; icon: string }[]>;
    viewsWelcome: { view: string; contents: string }[];
    walkthroughs: { steps: { description: string; media: { svg: string; altText: string }; completionEvents: string[] }[] }[];
    configuration: { properties: Record<string, { default?: unknown; markdownDescription?: string }> };
  };
}

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Manifest;
const { contributes } = manifest;
const commands = new Set(contributes.commands.map(({ command }) => command));
const sources = globSync("client/src/**/*.ts", { cwd: root })
  .filter((file) => !file.endsWith(".test.ts") && !file.endsWith("ids.ts"))
  .map((file) => readFileSync(join(root, file), "utf8"))
  .join("\n");

test("every command is registered once, stands under our category and is named as others name theirs", () => {
  for (const { command, category, title } of contributes.commands) {
    const times = sources.split(`registerCommand(context, "${command}"`).length - 1;
    assert.equal(times, 1, `${command} is registered ${times} times`);
    assert.equal(category, "JiuZhang", command);
    assert.match(title, /^[A-Z]/, command);
  }
});

test("menus, keys, welcome texts and walkthrough name commands that exist", () => {
  const links = [
    ...contributes.viewsWelcome.map(({ contents }) => contents),
    ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ description }) => description)),
  ]
    .flatMap((text) => [...text.matchAll(/\(command:([\w.]+)/g)])
    .map(([, command]) => command ?? "");
  const events = contributes.walkthroughs.flatMap(({ steps }) => steps.flatMap(({ completionEvents }) => completionEvents));
  const named = [
    ...Object.values(contributes.menus).flat(),
    ...contributes.keybindings,
    ...links.map((command) => ({ command })),
    ...events.flatMap((event) => (event.startsWith("onCommand:") ? [{ command: event.slice("onCommand:".length) }] : [])),
  ].map(({ command }) => command);
  assert.ok(links.length > 0 && events.length > 0);
  for (const command of named) assert.ok(commands.has(command) || command === "vscode.openFolder", command);
});

test("what needs a row or a panel to work on is not in the palette", () => {
  const hidden = new Set((contributes.menus.commandPalette ?? []).flatMap(({ command, when }) => (when === "false" ? [command] : [])));
  for (const command of ["jiuzhang.copyName", "jiuzhang.panel.key"]) assert.ok(hidden.has(command), command);
});

test("every view has words for when it is empty, in a window with and without a folder", () => {
  for (const { id } of Object.values(contributes.views).flat()) {
    const texts = contributes.viewsWelcome.filter(({ view }) => view === id);
    assert.ok(texts.length >= 2, id);
    for (const { contents } of texts) assert.match(contents, /\]\(command:/, `${id} leads on`);
  }
});

test("settings that a folder nobody trusts must not change exist, and each setting has its words and its default", () => {
  const { properties } = contributes.configuration;
  for (const id of manifest.capabilities.untrustedWorkspaces.restrictedConfigurations) assert.ok(id in properties, id);
  for (const [id, setting] of Object.entries(properties)) {
    assert.ok("default" in setting, id);
    assert.match(setting.markdownDescription ?? "", /\.$/, id);
    assert.ok(sources.includes(`"${id}"`), `${id} is read by nobody`);
  }
});

test("every picture is there, and says in words what it shows", () => {
  const media = contributes.walkthroughs.flatMap(({ steps }) => steps.map((step) => step.media));
  assert.equal(media.length, 4);
  for (const { svg, altText } of media) {
    assert.ok(existsSync(join(root, svg)), svg);
    assert.ok(altText.length > 20, svg);
  }
  for (const { icon } of Object.values(contributes.views).flat()) assert.ok(existsSync(join(root, icon)), icon);
});
