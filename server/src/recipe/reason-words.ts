import { formatProblem } from "#protocol/errors.ts";
import type { Missing } from "./fingerprint.ts";
import type { Reason } from "./plan.ts";

/** A reason of a plan as a clause for people, beginning with a small letter or a name. */
export function reasonWords(reason: Reason): string {
  switch (reason.kind) {
    case "argument":
      return `“${reason.argument}” ${changed(reason.before, reason.after)}`;
    case "file":
      return `${reason.file} ${reason.change === "changed" ? "has changed" : `was ${reason.change}`} (“${reason.argument}”)`;
    case "model":
      return `the model behind “${reason.argument}” ${changed(reason.before, reason.after)}`;
    case "input":
      return reason.before === null
        ? `“${reason.argument}” is now steps.${reason.step}`
        : `steps.${reason.step} has another revision than before (${short(reason.before)} → ${short(reason.after)})`;
    case "version":
      return "this version of the program gives another result";
    case "upstream":
      return `steps.${reason.step} is to be made anew, and this with it unless that comes out the same`;
    case "missing":
      return missingWords(reason.missing);
    case "problem":
      return formatProblem(reason.problem);
    case "blocked":
      return `steps.${reason.step} cannot be made`;
  }
}

function changed(before: unknown, after: unknown): string {
  if (before === null) return `was added (${value(after)})`;
  if (after === null) return `was removed (${value(before)})`;
  return `has changed (${value(before)} → ${value(after)})`;
}

function missingWords({ kind, name, argument }: Missing): string {
  if (kind === "file") return `“${argument}”: there is no file ${name}`;
  if (kind === "model") return `the model of endpoint “${name}” is not known yet`;
  return `steps.${name} has no result yet`;
}

const LONGEST = 40;

function value(given: unknown): string {
  const text = typeof given === "string" ? given : JSON.stringify(given);
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}

/** A revision is a hash: its beginning is enough to tell two apart. */
const short = (revision: string): string => revision.slice(0, 8);
