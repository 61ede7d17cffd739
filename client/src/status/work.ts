import { randomUUID } from "node:crypto";
import { type Progress, ProgressLocation, window } from "vscode";
import type { ClientContext } from "../context.ts";
import { plain } from "../problems/plain.ts";
import { createPace } from "./pace.ts";
import { progressWords } from "./words.ts";

/** What a piece of work is given. */
export interface Work {
  /** Raised when the user presses Cancel. */
  signal: AbortSignal;
  /** For messages to the server that tell how far they are: what comes under this name is shown. */
  token: string;
}

/** Nobody wants to be told of what is over at once. */
const UNTOLD_MILLISECONDS = 1_000;

/**
 * Runs a piece of work that may take long. The status item names it; after a second a message says how far it is and how fast it goes,
 * with Cancel. `atOnce`: the message comes without the second, because the user has asked for something that takes long.
 * The user's cancellation raises the signal; what the work makes of it is what the caller gets.
 */
export async function runWork<T>(
  { server, status }: Pick<ClientContext, "server" | "status">,
  title: string,
  run: (work: Work) => Promise<T>,
  { atOnce = false }: { atOnce?: boolean } = {},
): Promise<T> {
  const token = randomUUID();
  const abort = new AbortController();
  const item = status.busy(title);
  const message = createMessage(plain(title), atOnce ? 0 : UNTOLD_MILLISECONDS, () => abort.abort());
  const pace = createPace(() => performance.now());
  const told = server.on("progress", (params) => {
    if (params.token !== token) return;
    const words = [progressWords(params.progress), pace(params.progress)].filter((part) => part !== "").join(", ");
    item.update(`${title}: ${words}`);
    message.say(plain(words));
  });
  try {
    return await run({ signal: abort.signal, token });
  } finally {
    told.dispose();
    item.dispose();
    message.close();
  }
}

/** A message with Cancel that shows itself after a while, until it is closed. */
function createMessage(title: string, after: number, cancelled: () => void) {
  let words: string | null = null;
  let shown: Progress<{ message: string }> | null = null;
  let close = () => {};
  const closed = new Promise<void>((resolve) => {
    close = resolve;
  });
  const timer = setTimeout(() => {
    void window.withProgress({ location: ProgressLocation.Notification, title, cancellable: true }, async (progress, cancellation) => {
      cancellation.onCancellationRequested(cancelled);
      shown = progress;
      if (words !== null) progress.report({ message: words });
      await closed;
    });
  }, after);
  return {
    say(next: string) {
      words = next;
      shown?.report({ message: next });
    },
    close() {
      clearTimeout(timer);
      close();
    },
  };
}
