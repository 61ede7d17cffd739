import type { Problem } from "#protocol/errors.ts";
import type { SendSpec } from "#protocol/files/job.ts";
import type { Refused } from "../requests/refusals.ts";
import type { Halt } from "../requests/scheduler.ts";
import { moneyText, spanText, withoutStop } from "./words.ts";

/** How a run ends: the exit code, the counts, and what to tell where it is not 0. */
export interface Ending {
  code: 0 | 1 | 75;
  done: number;
  total: number;
  /** Money that the job spent in all of its runs; undefined without a price. */
  cost: number | undefined;
  problem: Problem | null;
}

export interface Facts {
  done: number;
  total: number;
  halted: Halt | null;
  /** The disk or the directory failed. */
  broken: Problem | null;
  /** The last failure that left a request without an answer, or else the last failure. */
  lastFailure: Problem | null;
  spec: Pick<SendSpec, "budget"> & { endpoint: Pick<SendSpec["endpoint"], "name"> };
  cost: number | undefined;
  /** The worst case of the request that the budget stopped. */
  unaffordable: number | null;
  /** How long the endpoint refused everything, where that ended the run. */
  refused: Refused | null;
}

const AGAIN = "Run the same command again: it asks only what is missing.";

/** Exit code 0: every request has its answer. 75: stopped on request. 1: everything else, with its reason. */
export function howItEnded(facts: Facts): Ending {
  return { ...endOf(facts), done: facts.done, total: facts.total, cost: facts.cost };
}

function endOf(facts: Facts): Pick<Ending, "code" | "problem"> {
  const { done, total, halted, broken, lastFailure } = facts;
  const counts = { done, total };
  if (broken !== null) return { code: 1, problem: ofDisk(broken, total - done) };
  if (done === total) return { code: 0, problem: null };
  if (halted === "stopped") return { code: 75, problem: null };
  const data = { ...counts, missing: total - done };
  if (halted === "fatal" && lastFailure !== null) return { code: 1, problem: { ...lastFailure, data: { ...lastFailure.data, ...data } } };
  const missing = `${total - done} of ${total} requests have no answer`;
  if (halted === "budget") return { code: 1, problem: outOfMoney(facts, missing, data) };
  if (halted === "rate-limited") return { code: 1, problem: outOfPatience(facts, missing, data) };
  const last = lastFailure === null ? "" : `; the last failure: ${lastFailure.message}`;
  return {
    code: 1,
    problem: {
      code: "job/failed",
      message: `${missing}${last}`,
      remedy: [lastFailure?.remedy, AGAIN].filter((part) => part !== undefined).join(" "),
      data: { ...data, ...(lastFailure === null ? {} : { cause: lastFailure.code }) },
    },
  };
}

function outOfMoney({ spec, cost = 0, unaffordable }: Facts, missing: string, data: Record<string, unknown>): Problem {
  const worst = unaffordable ?? 0;
  const limited = Number.isFinite(worst);
  return {
    code: "job/failed",
    message:
      `${missing}: spent ${moneyText(cost)} of ${spec.budget}; ` +
      (limited ? `the next request could cost up to ${moneyText(worst)}` : "the next request has no limit of tokens, so its cost has none"),
    remedy: `${limited ? "Raise the budget" : "Give max_tokens"} and run the same command again: it asks only what is missing.`,
    data: { ...data, budget: spec.budget, spent: cost, ...(limited ? { next: worst } : {}) },
  };
}

function outOfPatience({ spec, lastFailure, refused }: Facts, missing: string, data: Record<string, unknown>): Problem {
  const { times, milliseconds } = refused ?? { times: 0, milliseconds: 0 };
  const last = lastFailure === null ? "" : `; the last time: ${withoutStop(lastFailure.message)}`;
  return {
    code: "model/rate-limited",
    message: `${missing}: endpoint “${spec.endpoint.name}” refused everything for ${spanText(milliseconds)}, ${times} times in a row${last}`,
    remedy:
      "What was answered is kept. Run the same command later: it goes on and asks only what is missing. " +
      "limits: { rpm, tpm } in jiuzhang.yaml keeps the pace below the endpoint's limit.",
    data: { ...lastFailure?.data, ...data, refusals: times, waitedSeconds: Math.round(milliseconds / 1000) },
  };
}

/** Errors of a write as the job's own: whatever limits the space, the remedy is the same. */
export function ofDisk(problem: Problem, missing?: number): Problem {
  const full = problem.code === "io/disk-full" || problem.data?.errno === "EFBIG";
  if (!full) return problem;
  return {
    code: "job/disk-full",
    message: "The disk is full: the job stopped before anything was lost",
    ...(problem.where === undefined ? {} : { where: problem.where }),
    remedy: `Free some space. ${AGAIN}`,
    ...(missing === undefined ? {} : { data: { missing } }),
  };
}
