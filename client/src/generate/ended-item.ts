import { type Disposable, StatusBarAlignment, window } from "vscode";
import type { GenerateDone } from "#protocol/messages/generate.ts";
import { count } from "../status/words.ts";
import { doneWords } from "./transcript.ts";

/** How long the line about an ended run stays. */
const SHOWN_MILLISECONDS = 30_000;

/** The line in the status bar about the run that ended last, which leads to its dataset. */
export interface EndedItem {
  show(project: string, done: GenerateDone): void;
}

export function createEndedItem(subscriptions: Disposable[]): EndedItem {
  const item = window.createStatusBarItem("jiuzhang.generated", StatusBarAlignment.Left, -11);
  item.name = "JiuZhang: last generation";
  let hide: NodeJS.Timeout | undefined;
  subscriptions.push(item, { dispose: () => clearTimeout(hide) });
  return {
    show(project, done) {
      item.text = `$(check) ${count(done.rows)} generated, ${count(done.accepted)} accepted: show in ${done.dataset}`;
      item.tooltip = doneWords(done);
      item.command = { title: "Show in dataset", command: "jiuzhang.openCorpus", arguments: [{ project, dataset: done.dataset }] };
      item.show();
      clearTimeout(hide);
      hide = setTimeout(() => item.hide(), SHOWN_MILLISECONDS);
    },
  };
}
