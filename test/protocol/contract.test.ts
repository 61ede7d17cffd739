import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../scripts/root.ts";
import { requestParams } from "../../server/src/protocol/messages.ts";
import { HOST_REQUESTS, PANEL_EVENTS, PANEL_SERVER_REQUESTS } from "../../server/src/protocol/panels.ts";
import { CLIENT_NOTIFICATIONS, CLIENT_REQUESTS, SERVER_NOTIFICATIONS } from "../../server/src/protocol/wire.ts";

const requests = Object.keys(requestParams);
const everything = [...requests, ...SERVER_NOTIFICATIONS, ...CLIENT_REQUESTS, ...CLIENT_NOTIFICATIONS, ...HOST_REQUESTS, ...PANEL_EVENTS];

/** The sources of a side, without tests. */
function sources(glob: string): { file: string; text: string }[] {
  return globSync(glob, { cwd: root, exclude: (name) => name.endsWith(".test.ts") }).map((file) => ({
    file,
    text: readFileSync(join(root, file), "utf8"),
  }));
}

/** Files that define a handler under this name: a method or a member of an object. */
function handlersOf(name: string, side: { file: string; text: string }[]): string[] {
  const member = new RegExp(`(?:async )?"${name}"(?:\\(|: (?!"))`);
  return side.filter(({ text }) => member.test(text)).map(({ file }) => file);
}

/** Files that listen for this name. */
function listenersOf(name: string, side: { file: string; text: string }[]): string[] {
  const listens = new RegExp(`(?:\\.on|onNotification|onRequest)\\(\\s*(?:wireName\\()?"${name}"`);
  return side.filter(({ text }) => listens.test(text)).map(({ file }) => file);
}

test("every request to the server has its handler in exactly one file of the server, and in none of the client", () => {
  const server = sources("server/src/messages/*.ts");
  const client = sources("client/src/**/*.ts");
  for (const name of requests) {
    assert.equal(handlersOf(name, server).length, 1, `${name} in ${handlersOf(name, server).join(", ") || "no file of the server"}`);
    assert.deepEqual(handlersOf(name, client), [], `${name} is answered by the client, too`);
  }
});

test("what the server tells or asks is heard by the client, and what the client tells by the server", () => {
  const client = sources("client/src/**/*.ts");
  const main = sources("server/src/main.ts");
  for (const name of [...CLIENT_REQUESTS, ...SERVER_NOTIFICATIONS]) assert.notDeepEqual(listenersOf(name, client), [], name);
  for (const name of CLIENT_NOTIFICATIONS) assert.equal(listenersOf(name, main).length, 1, name);
});

test("every request to a panel's host is checked and answered in exactly one file of the client each, and every event is heard by a panel", () => {
  const checks = join("panels", "host-params.ts");
  const all = sources("client/src/**/*.ts");
  const client = all.filter(({ file }) => !file.endsWith(checks));
  const checked = all.filter(({ file }) => file.endsWith(checks));
  const webviews = sources("webview/src/**/*.ts");
  for (const name of HOST_REQUESTS)
    assert.deepEqual(
      [handlersOf(name, client).length, handlersOf(name, checked).length],
      [1, 1],
      `${name} in ${handlersOf(name, client).join(", ") || "no file of the client"}`,
    );
  for (const name of PANEL_EVENTS) assert.notDeepEqual(listenersOf(name, webviews), [], name);
});

test("a panel may ask the server only for what it uses", () => {
  for (const [kind, names] of Object.entries(PANEL_SERVER_REQUESTS)) {
    const panel = sources(`webview/src/{${kind},shared}/**/*.ts`);
    for (const name of names)
      assert.ok(
        panel.some(({ text }) => text.includes(`"${name}"`)),
        `the ${kind} panel never asks for ${name}`,
      );
  }
});

test("ARCHITECTURE.md names every message, and no message that is gone", () => {
  const text = readFileSync(join(root, "ARCHITECTURE.md"), "utf8");
  const section = /^## Messages$([\s\S]*?)^## /m.exec(text)?.[1] ?? "";
  const told = [...section.matchAll(/^\| `([\w/]+)`/gm)].map(([, name]) => name as string);
  assert.deepEqual([...told].sort(), [...new Set(everything)].sort());
});
