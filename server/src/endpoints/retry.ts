import type { Problem } from "#protocol/errors.ts";

/**
 * What a failed request means for the pipe.
 * - `retry`: the same request may succeed later; `waitSeconds` says when the endpoint wants to be asked again.
 * - `final`: this request will never succeed, others may.
 * - `fatal`: no request will succeed until a person changes something.
 */
export type RetryClass = "retry" | "final" | "fatal";

/** The class of a problem that `classify` gave. An aborted request was our own wish, so it may be asked again. */
export function retryClass(problem: Problem): RetryClass {
  const status = problem.data?.status;
  switch (problem.code) {
    case "model/wrong-key":
    case "model/missing-key":
    case "model/not-found":
    case "model/quota-exceeded":
    case "engine/unsupported-platform":
    case "engine/install-failed":
    case "engine/model-missing":
    case "engine/model-corrupt":
    case "engine/start-failed":
    case "engine/port-taken":
    case "usage/invalid-argument":
    case "io/disk-full":
      return "fatal";
    case "model/unreachable":
      return problem.data?.tls === true ? "fatal" : "retry";
    case "model/context-too-long":
    case "model/refused":
    case "model/filtered":
    case "model/cut-off":
    case "model/bad-request":
      return "final";
    case "model/server-error":
      return status === 501 || status === 505 ? "final" : "retry";
    case "model/rate-limited":
    case "model/reset":
    case "model/stalled":
    case "model/not-json":
    case "model/empty":
    case "model/aborted":
    case "cancelled":
      return "retry";
    default:
      // What we do not understand is nobody's answer: recorded as final, the request would never be asked again.
      return "retry";
  }
}

/** Seconds that the endpoint asked us to wait, or null. */
export function waitSeconds(problem: Problem): number | null {
  const wait = problem.data?.waitSeconds;
  return typeof wait === "number" ? wait : null;
}
