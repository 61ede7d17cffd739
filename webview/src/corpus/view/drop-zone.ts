import type { Dropped } from "../model/files.ts";
import type { CorpusStore } from "../model/store.ts";

/** Lets files be dropped anywhere on the panel; while one is held over it, the whole panel says so. */
export function acceptDrops(store: CorpusStore, root: HTMLElement): void {
  let depth = 0;
  const hold = (over: boolean) => root.classList.toggle("dropping", over);
  // The editor would take what is dragged over a webview for itself, to open it: nothing of a drag may reach it.
  const take = (event: DragEvent): boolean => {
    if (!bringsFiles(event)) return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  root.addEventListener("dragenter", (event) => {
    if (!take(event)) return;
    depth++;
    hold(true);
  });
  root.addEventListener("dragover", (event) => {
    if (!take(event)) return;
    if (event.dataTransfer !== null) event.dataTransfer.dropEffect = "copy";
  });
  root.addEventListener("dragleave", (event) => {
    if (!take(event)) return;
    depth = Math.max(0, depth - 1);
    if (depth === 0) hold(false);
  });
  root.addEventListener("drop", (event) => {
    depth = 0;
    hold(false);
    if (!take(event)) return;
    const files = droppedFiles(event);
    if (files.length === 0) store.notices.say("Nothing that was dropped is a file.");
    else void store.files.drop(files);
  });
}

const bringsFiles = ({ dataTransfer }: DragEvent): boolean =>
  dataTransfer !== null && (dataTransfer.types.includes("Files") || dataTransfer.types.some((type) => URI_TYPES.includes(type)));

/** What the editor's own explorer gives, and what other programs do. */
const URI_TYPES = ["application/vnd.code.uri-list", "text/uri-list"];

function droppedFiles({ dataTransfer }: DragEvent): Dropped[] {
  if (dataTransfer === null) return [];
  const files = [...dataTransfer.files].map(
    (file): Dropped => ({ name: file.name, size: file.size, bytes: async () => new Uint8Array(await file.arrayBuffer()) }),
  );
  if (files.length > 0) return files;
  const uris = URI_TYPES.map((type) => dataTransfer.getData(type)).find((text) => text !== "") ?? "";
  return uris
    .split(/\r?\n/)
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((uri): Dropped => ({ uri: withoutAuthority(uri) }));
}

/** An editor in the browser names files of its own machine by a remote authority. */
const withoutAuthority = (uri: string): string => uri.replace(/^vscode-remote:\/\/[^/]*/, "file://");
