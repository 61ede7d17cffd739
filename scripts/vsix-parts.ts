import { globSync } from "node:fs";
import { join } from "node:path";

/** A file of the checkout and its place in the package. */
export interface Staged {
  part: string;
  from: string;
  to: string;
}

interface Part {
  name: string;
  /** What goes in, as patterns under the checkout's root; nothing else does. */
  files: readonly string[];
  /** Its place in the package where that is not its place in the checkout. */
  to?: (file: string) => string;
}

/**
 * What the package holds, part by part. Source maps stay out: they are three times the size of the code. The native module lies
 * under dist/, because the packager leaves a node_modules at the top out; from dist/server it is found there all the same.
 */
const PARTS: readonly Part[] = [
  { name: "server", files: ["dist/server/**/*.js"] },
  { name: "client", files: ["dist/client/*.cjs", "client/language/*.json"] },
  { name: "webviews", files: ["dist/webview/**/*.{js,css,woff2}", "dist/webview/fonts/codicon.ttf"] },
  {
    name: "SQLite for eight platforms",
    files: [
      "node_modules/better-sqlite3/{package.json,LICENSE}",
      "node_modules/better-sqlite3/lib/**/*.js",
      "node_modules/better-sqlite3/prebuilds/*.node",
    ],
    to: (file) => `dist/${file}`,
  },
  {
    name: "worker",
    files: ["server/worker/jiuzhang_worker/**/*.py", "server/worker/jiuzhang_host/*.py", "server/worker/locks/{cpu,cuda,vllm}.txt"],
    to: (file) => file.replace(/^server\/worker/, "dist/worker"),
  },
  {
    name: "worker",
    files: ["server/src/protocol/files/*.schema.json"],
    to: (file) => file.replace("server/src/protocol/files", "dist/worker/jiuzhang_worker/schemas"),
  },
  { name: "templates", files: ["prompts/**/*.prompty"] },
  {
    name: "media",
    files: ["media/{icon,panel}.{svg,png}", "media/engine/**/package*.json", "media/sample/**/*", "media/walkthrough/**/*.{md,svg,png}"],
  },
  { name: "documents", files: ["LICENSE", "CHANGELOG.md"] },
];

/** Every file that goes into the package as it is. */
export function packagedFiles(root: string): Staged[] {
  return PARTS.flatMap(({ name, files, to }) =>
    globSync(files as string[], { cwd: root, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) =>
        join(entry.parentPath, entry.name)
          .slice(root.length + 1)
          .replaceAll("\\", "/"),
      )
      .sort()
      .map((file) => ({ part: name, from: file, to: to?.(file) ?? file })),
  );
}
