import { randomUUID } from "node:crypto";
import { basename } from "node:path";
import { commands, type Progress, ProgressLocation, Uri, window } from "vscode";
import { STREAM_MAX_REQUESTS } from "#protocol/limits.ts";
import type { GenerateDone, GenerateEvent } from "#protocol/messages/generate.ts";
import type { ClientContext } from "../context.ts";
import { plain } from "../problems/plain.ts";
import { problemOf, showProblem } from "../problems/show.ts";
import { count, duration, money } from "../status/words.ts";
import type { EndedItem } from "./ended-item.ts";
import type { GenerationRequest } from "./generations.ts";
import { openResults, type ResultsDocument } from "./results-document.ts";
import { createTranscript, doneWords } from "./transcript.ts";

/** A run that nobody watched for so long ends with a message: its user may be elsewhere. */
const LONG_SECONDS = 20;

/**
 * Generates without a preview: the text of a small run streams into an unsaved document beside the editor, a message says how far a
 * run is and stops it, and a line at its end leads to the dataset.
 */
export async function generateInDocument(context: ClientContext, request: GenerationRequest, ended: EndedItem): Promise<void> {
  const { server, log, settings, generations } = context;
  await generations.confirm(request);
  const uri = Uri.parse(request.template);
  const dataset = settings.get("jiuzhang.dataset", uri);
  const transcript = createTranscript({ template: basename(uri.path), dataset });
  const run = randomUUID();
  let results: Promise<ResultsDocument> | null = null;
  const abort = new AbortController();
  const changed = () => void results?.then((shown) => shown.changed());

  await window.withProgress(
    { location: ProgressLocation.Notification, title: titleOf(request.count), cancellable: true },
    async (progress, cancellation) => {
      cancellation.onCancellationRequested(() => abort.abort());
      const heard = server.on("generate/event", ({ run: of, event }) => {
        if (of !== run) return;
        transcript.event(event);
        say(progress, event);
        // A run that is refused at once leaves no document behind.
        if (event.type === "plan" && event.streams) results ??= openResults(transcript.text);
        changed();
      });
      try {
        const done = await generations.run(request, { run, signal: abort.signal });
        transcript.end({ done });
        await (await results)?.end();
        ended.show(request.project, done);
        tell(context, request.project, done);
      } catch (thrown) {
        transcript.end({ problem: problemOf(thrown) });
        await (await results)?.end();
        // Not awaited: the run is over, however long its message is looked at.
        void showProblem(log, thrown);
      } finally {
        heard.dispose();
      }
    },
  );
}

const titleOf = (problems: number): string => `Writing ${problems === 1 ? "1 problem" : `${count(problems)} problems`}`;

/** How far the run is, how fast, and what is left. */
function say(progress: Progress<{ message?: string; increment?: number }>, event: GenerateEvent): void {
  if (event.type === "preparing") progress.report({ message: plain(`${event.stage} …`) });
  if (event.type === "wait") progress.report({ message: "another window or the terminal asks the same; waiting for its answers" });
  if (event.type !== "progress") return;
  const { done, total, tokensPerSecond, secondsLeft, cost } = event;
  const words = [
    total > 1 ? `${count(done)} of ${count(total)}` : "",
    tokensPerSecond === null || tokensPerSecond === 0 ? "" : `${count(tokensPerSecond)} tokens/s`,
    secondsLeft === null || done === 0 ? "" : `about ${duration(secondsLeft)} left`,
    cost === null || cost === 0 ? "" : money(cost),
  ];
  progress.report({ message: words.filter((word) => word !== "").join(", ") });
}

/** What came: in the log, and, of a run that took long, in a message that leads to the dataset. */
function tell({ log }: ClientContext, project: string, done: GenerateDone): void {
  const words = doneWords(done);
  log.info(`${done.job}: ${words}`);
  const show = () => void commands.executeCommand("jiuzhang.openCorpus", { project, dataset: done.dataset });
  if (done.seconds < LONG_SECONDS && done.requests <= STREAM_MAX_REQUESTS) return;
  const button = "Show in Dataset";
  window.showInformationMessage(plain(words), button).then((chosen) => {
    if (chosen === button) show();
  });
}
