import type { Problem } from "#protocol/errors.ts";
import type { Settled } from "../requests/scheduler.ts";
import { spanText, withoutStop } from "./words.ts";

/**
 * The warning of a request that failed: what happened, and what the program does about it. A remedy is only given where
 * the program itself does nothing more about this request.
 * @param halting nothing is asked any more in this run
 */
export function failureWarning(
  problem: Problem,
  { decision, again, pause, failures }: Settled,
  retries: number,
  halting: boolean,
): Problem {
  if (decision === "record-error" || decision === "record") return problem;
  const { remedy: _remedy, ...bare } = problem;
  const say = (what: string): Problem => ({ ...bare, message: `${withoutStop(problem.message)}; ${what}` });
  if (halting) return say("not asked again in this run, because it is stopping");
  if (decision === "missing") return say("given up for this run; the next one asks it again");
  const limited = problem.code === "model/rate-limited";
  if (limited) return say(pause > 0 ? `all requests wait ${spanText(pause)}` : `asked again in ${spanText(again)}`);
  const held = pause > 0 ? `all requests wait ${spanText(pause)}, then it is asked again` : `asked again in ${spanText(again)}`;
  return say(`${held} (try ${failures + 1} of ${retries + 1})`);
}
