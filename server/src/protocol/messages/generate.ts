import { z } from "zod";
import type { Row } from "../corpus.ts";
import type { Problem } from "../errors.ts";
import { project, rowId } from "./shapes.ts";

/** Messages behind Generate. Client → server. */
export const generateRequests = {
  /**
   * Asks a model for new problems. Answers when all is done; meanwhile `generate/event` notifications carry the same `run`.
   * Cancelling the request stops the job in order: what has been received is kept. What was asked before is not asked again:
   * the same template and seed give the next sample.
   */
  "generate/run": z.strictObject({
    project,
    /** Chosen by the sender; names the run in events. */
    run: z.string().min(1).max(100),
    /** The template's document, rendered as it stands in the editor. */
    template: z.string().min(1),
    seeds: z.discriminatedUnion("from", [
      z.strictObject({ from: z.literal("row"), dataset: z.string(), id: rowId }),
      /** Selected text of any document; it becomes a seed row of the dataset “selections”, which remembers file and lines. */
      z.strictObject({
        from: z.literal("text"),
        text: z.string().min(1),
        uri: z.string(),
        line: z.int().min(1),
      }),
      z.strictObject({ from: z.literal("dataset"), dataset: z.string() }),
      /** For templates that need no seed. */
      z.strictObject({ from: z.literal("none") }),
    ]),
    count: z.int().min(1).max(1_000_000),
    endpoint: z.string().nullable(),
    /** Where the problems go. */
    dataset: z.string().min(1).max(100),
    /** Money; null for none. */
    budget: z.number().positive().nullable(),
  }),
  /** Jobs of this project that still run, so that a reloaded window can say so and stop them. */
  "generate/running": z.strictObject({ project }),
  /** Stops a job that another window or an earlier one began. */
  "generate/stop": z.strictObject({ project, job: z.string() }),
};

export interface GenerateResults {
  "generate/run": GenerateDone;
  "generate/running": { jobs: RunningJob[] };
  "generate/stop": { stopped: boolean };
}

/** What a run has brought. A run that fails or is cancelled says the same in its problem's `data`, as far as it came. */
export interface GenerateDone {
  job: string;
  dataset: string;
  requests: number;
  /** Answered before this run began. */
  reused: number;
  /** Rows that came, how many of them parsed, and how many passed every check. */
  rows: number;
  accepted: number;
  parsed: number;
  seconds: number;
  /** Money that the job has cost, all of its runs included; null without a price. */
  cost: number | null;
}

export interface RunningJob {
  job: string;
  dataset: string;
  endpoint: string;
  done: number;
  total: number;
  started: string;
}

/** Server → client, while a `generate/run` is under way. */
export type GenerateEvent =
  | { type: "preparing"; stage: string; done: number; total: number | null; unit: string }
  /** `streams`: the text of this run comes as it is written (runs of up to STREAM_MAX_REQUESTS requests). */
  | { type: "plan"; job: string; requests: number; answered: number; asking: number; endpoint: string; model: string; streams: boolean }
  /**
   * Text as it comes; `key` names the request. Only runs that stream have it. What a model thinks before it answers is in `reasoning`.
   * A request that broke off is asked again under the next `attempt`, from 1: its text begins anew.
   */
  | { type: "delta"; key: string; sample: number; seed: string | null; attempt: number; text: string; reasoning: string }
  | {
      type: "progress";
      done: number;
      total: number;
      tokens: number;
      tokensPerSecond: number | null;
      secondsLeft: number | null;
      cost: number | null;
    }
  /** A problem of this run, as it was taken in; of a large run only the first ones. */
  | { type: "row"; row: Row; seed: string | null; key: string | null }
  /** Further rows that came and are only counted. */
  | { type: "more"; rows: number }
  | { type: "warning"; problem: Problem }
  | { type: "wait"; job: string; requests: number };
