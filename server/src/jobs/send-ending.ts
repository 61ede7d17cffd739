import type { Problem } from "#protocol/errors.ts";
import type { SendSpec } from "#protocol/files/job.ts";
import type { Halt } from "../requests/scheduler.ts";

/** How a run ends: the exit code, the counts, and what to tell where it is not 0. */
export interface Ending {
  code: 0 | 1 | 75;
  done: number;
  total: number;
  problem: Problem | null;
}

export interface Facts {
  done: number;
  total: number;
  halted: Halt | null;
  /** The disk or the directory failed. */
  broken: Problem | null;
  /** The last failure of a request. */
  lastFailure: Problem | null;
  spec: Pick<SendSpec, "budget">;
}

const AGAIN = "Run the same command again: it asks only what is missing.";

/** Exit code 0: every request has its answer. 75: stopped on request. 1: everything else, with its reason. */
export function howItEnded({ done, total, halted, broken, lastFailure, spec }: Facts): Ending {
  const counts = { done, total };
  if (broken !== null) return { code: 1, ...counts, problem: ofDisk(broken, total - done) };
  if (done === total) return { code: 0, ...counts, problem: null };
  if (halted === "stopped") return { code: 75, ...counts, problem: null };
  if (halted === "fatal" && lastFailure !== null)
    return { code: 1, ...counts, problem: { ...lastFailure, data: { ...lastFailure.data, ...counts, missing: total - done } } };
  const missing = `${total - done} of ${total} requests have no answer`;
  if (halted === "budget")
    return {
      code: 1,
      ...counts,
      problem: {
        code: "job/failed",
        message: `${missing}: the next one could exceed the budget of ${spec.budget}`,
        remedy: "Raise the budget and run the same command again: it asks only what is missing.",
        data: { ...counts, missing: total - done, budget: spec.budget },
      },
    };
  const last = lastFailure === null ? "" : `; the last failure: ${lastFailure.message}`;
  return {
    code: 1,
    ...counts,
    problem: {
      code: "job/failed",
      message: `${missing}${last}`,
      remedy: [lastFailure?.remedy, AGAIN].filter((part) => part !== undefined).join(" "),
      data: { ...counts, missing: total - done, ...(lastFailure === null ? {} : { cause: lastFailure.code }) },
    },
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
