import type { Reply } from "#protocol/endpoints.ts";
import { fail, type Problem, toProblem } from "#protocol/errors.ts";
import type { JobFile } from "#protocol/files/job.ts";
import type { RequestLine, ResponseLine } from "#protocol/files/shards.ts";
import { costOf, estimate } from "../requests/estimate.ts";
import { type Attempt, createScheduler, type Outcome } from "../requests/scheduler.ts";
import { readRequests } from "./answered.ts";
import type { EventLog } from "./event-log.ts";
import { failureWarning } from "./failure-warning.ts";
import { writeManifest } from "./manifest.ts";
import { createProgress } from "./progress.ts";
import { recover } from "./recover.ts";
import { openResponses } from "./response-writer.ts";
import { type Ending, howItEnded } from "./send-ending.ts";

/** The model as the run sees it; every failure is thrown. */
export type Ask = (line: RequestLine, options: { signal: AbortSignal; onDelta: (piece: Piece) => void }) => Promise<Reply>;

/** A piece of an answer as it comes. */
export interface Piece {
  text: string;
  reasoning: string;
}

/** Hears every piece of every answer. A request that broke off comes again under the next attempt, from 1. */
export type DeltaListener = (key: string, attempt: number, piece: Piece) => void;

export interface SendRun {
  dir: string;
  job: JobFile;
  ask: Ask;
  /** What a failed call means: the endpoints' own judgement. */
  judge(error: unknown): { problem: Problem; class: "retry" | "final" | "fatal"; wait: number | null };
  events: EventLog;
  /** Aborted: no request starts any more. */
  stop: AbortSignal;
  /** Aborted: requests in flight are given up too. */
  abort: AbortController;
  onDelta?: DeltaListener;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  /** The wall clock. */
  wallClock(): Date;
  random(): number;
}

const TICK_MS = 250;
const FATAL_GRACE_MS = 5_000;

/** Failures after which an endpoint may charge the request all the same: it had it, and we have no answer. */
const CHARGED = new Set(["model/reset", "model/stalled", "model/not-json", "model/empty", "model/aborted"]);

/**
 * Sends what is missing in a job directory until every request has its answer or nothing more can be done. An answer is
 * in its file before it counts, and durable before progress tells of it.
 */
export async function runSend(run: SendRun): Promise<Ending> {
  const { dir, job, events, now } = run;
  const { spec } = job;
  const found = await recover(dir, spec.endpoint.price, events.warn);
  const total = found.keys.size;
  if (total !== job.requests)
    throw fail("job/corrupt", `The job's request shards hold ${total} of ${job.requests} requests`, {
      where: { file: dir },
      remedy: "Move the job's directory away and run the command that made it again.",
    });
  if (spec.budget !== undefined && spec.endpoint.price === undefined)
    throw fail("usage/invalid-argument", `A budget needs the price of endpoint “${spec.endpoint.name}”`, {
      remedy: "Give its price per million tokens in jiuzhang.yaml (price: { prompt, completion }), or leave the budget out.",
    });
  events.write({ event: "begin", task: spec.task, total, unit: "requests" });
  const responses = openResponses(dir, found.last);
  const progress = createProgress(total, { done: found.count, tokens: found.tokens });
  const scheduler = createScheduler<RequestLine>({
    concurrency: spec.concurrency,
    retries: spec.retries,
    ...spec.endpoint.limits,
    budget: spec.budget,
    spent: found.spent,
    random: run.random,
  });
  let { count: done, tokens } = found;
  let liveTokens = 0;
  let lastFailure: Problem | null = null;
  /** The last failure that left a request without an answer, up to the one that ended the run. */
  let cause: Problem | null = null;
  // A sum of many small amounts is not exact; no price needs more than twelve decimals.
  const cost = () => (spec.endpoint.price === undefined ? undefined : Math.round(scheduler.spent * 1e12) / 1e12);
  let broken: Problem | null = null;
  let wake = () => {};

  /** The disk or the directory fails: nothing that arrives now could be kept. */
  const breakOff = (error: unknown) => {
    broken ??= toProblem(error);
    scheduler.halt("fatal");
    run.abort.abort();
    wake();
  };
  const warn = (problem: Problem) => {
    try {
      events.warn(problem);
    } catch (error) {
      breakOff(error);
    }
  };
  const record = (line: ResponseLine) => {
    try {
      responses.write(line);
      done++;
    } catch (error) {
      breakOff(error);
    }
  };

  const launch = async (attempt: Attempt<RequestLine>): Promise<void> => {
    const { item, tries } = attempt;
    const began = now();
    let own = 0;
    const settle = (outcome: Outcome) => {
      liveTokens -= own;
      own = 0;
      return scheduler.settle(attempt, outcome, now());
    };
    const timing = () => ({ received: run.wallClock().toISOString(), milliseconds: Math.round(now() - began), tries });
    try {
      const onDelta = (piece: Piece) => {
        own++;
        liveTokens++;
        run.onDelta?.(item.custom_id, tries, piece);
      };
      const reply = await run.ask(item, { signal: run.abort.signal, onDelta });
      const usage = reply.usage;
      const used = usage === null ? null : usage.prompt + usage.completion;
      settle({ kind: "answered", tokens: used, cost: usage === null ? worst(attempt) : costOf(usage, spec.endpoint.price) });
      tokens += usage?.completion ?? 0;
      const response = { status_code: reply.status, request_id: reply.requestId, body: reply.body };
      record({ custom_id: item.custom_id, response, error: null, timing: timing() });
    } catch (error) {
      const { problem, class: kind, wait } = run.judge(error);
      if (run.abort.signal.aborted && kind !== "final") {
        settle({ kind: "aborted" });
        return;
      }
      const limited = problem.code === "model/rate-limited";
      const outcome: Outcome = { kind: "failed", class: kind, wait, limited, charged: CHARGED.has(problem.code) };
      const over = scheduler.halted !== null;
      const settled = settle(outcome);
      lastFailure = problem;
      if (settled.decision === "missing" && !over) cause = problem;
      if (settled.decision === "record-error") {
        const { code, message, remedy } = problem;
        record({
          custom_id: item.custom_id,
          response: null,
          error: { code, message, ...(remedy === undefined ? {} : { remedy }) },
          timing: timing(),
        });
      }
      if (kind !== "fatal") warn(failureWarning(problem, settled, spec.retries, scheduler.halted !== null));
      // The others will fail in the same way; they get a moment, because one may still be paid for and arrive.
      else setTimeout(() => run.abort.abort(), FATAL_GRACE_MS).unref();
    } finally {
      wake();
    }
  };

  let ticking: Promise<void> = Promise.resolve();
  const tick = async () => {
    const [counted, spent] = [done, cost()];
    try {
      await responses.sync();
      events.flush();
      const event = progress.event(now(), counted, tokens + liveTokens, spent);
      if (event !== null) events.write(event);
    } catch (error) {
      breakOff(error);
    }
  };
  const ticker = setInterval(() => {
    ticking = ticking.then(tick);
  }, TICK_MS);
  const onStop = () => {
    scheduler.halt("stopped");
    wake();
  };
  run.stop.addEventListener("abort", onStop, { once: true });
  if (run.stop.aborted) onStop();

  try {
    const source = unanswered(dir, found.keys, found.answered);
    let exhausted = false;
    progress.begin(now());
    for (;;) {
      while (!exhausted && scheduler.wants()) {
        const next = await source.next();
        if (next.done === true) exhausted = true;
        else scheduler.add(next.value.line, estimate(next.value.line.body, next.value.bytes, spec.endpoint.price));
      }
      for (let attempt = scheduler.start(now()); attempt !== null; attempt = scheduler.start(now())) void launch(attempt);
      const idle = scheduler.inFlight === 0;
      if (idle && (scheduler.halted !== null || (exhausted && scheduler.waiting === 0))) break;
      const wakeAt = scheduler.wakeAt(now());
      await new Promise<void>((resolve) => {
        const timer = wakeAt === null ? undefined : setTimeout(resolve, Math.max(0, Math.min(wakeAt - now(), 60_000)));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wake = () => {};
    }
    await source.return(undefined);
  } finally {
    clearInterval(ticker);
    run.stop.removeEventListener("abort", onStop);
    await ticking;
    await tick();
    responses.close();
  }
  const { halted, unaffordable, refused } = scheduler;
  const ending = howItEnded({ total, done, halted, broken, lastFailure: cause ?? lastFailure, spec, cost: cost(), unaffordable, refused });
  if (ending.code === 0) await writeManifest(dir);
  return ending;
}

/** What an answer counts as that does not say what it took; nothing where nobody can tell. */
const worst = ({ estimate }: Attempt<RequestLine>): number => (Number.isFinite(estimate.cost) ? estimate.cost : 0);

async function* unanswered(dir: string, keys: { find(key: string): number }, answered: Uint8Array) {
  for await (const request of readRequests(dir)) {
    const number = keys.find(request.line.custom_id);
    if (answered[number] === 1) continue;
    // Marked when taken, so that a key that stands in the shards twice is asked once.
    answered[number] = 1;
    yield request;
  }
}
