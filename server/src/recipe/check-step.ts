import { AppError } from "#protocol/errors.ts";
import { parseWhere } from "../corpus/where.ts";
import { nearest } from "../words/suggest.ts";
import { HERE } from "./hosts.ts";
import { type Finding, printable } from "./issue.ts";
import { dotted } from "./issue-of-part.ts";
import { type Kind, placed } from "./roles.ts";
import { type Declared, type Reference, type Step, settingsOf, shown, stepName } from "./steps.ts";

/** A finding about a part of a text value, by its half-open offsets in it. */
export interface PreciseFinding extends Finding {
  within?: { start: number; end: number };
}

/** What is wrong with a step among the others, beyond its own shape; cycles are found for the whole recipe. */
export function checkStep(step: Step, declared: Declared): PreciseFinding[] {
  return [
    ...step.references.flatMap((reference) => checkReference(step, reference, declared)),
    ...checkNames(step, declared),
    ...(step.verb === "synthesize" ? checkSynthesize(step, declared) : []),
    ...(step.verb === "verify" ? checkAccept(step) : []),
  ];
}

const KIND_WORDS: Record<Kind, string> = {
  seeds: "seeds",
  rows: "rows",
  model: "a model",
  scores: "scores",
  report: "a report",
  file: "a file",
};

function checkReference(step: Step, { path, name, kinds }: Reference, { steps }: Declared): Finding[] {
  const at = (message: string, remedy: string): Finding[] => [{ path, atKey: false, message, remedy }];
  const target = steps.get(name);
  if (target === undefined) {
    const near = nearest(name, [...steps.keys()]);
    const remedy =
      near === null
        ? `Steps of this recipe: ${[...steps.keys()].join(", ")}. A file of this name is written ./${shown(name)}.`
        : `Did you mean “steps.${near}”?`;
    return at(`There is no step “${printable(name)}”`, remedy);
  }
  if (target === null || name === step.name) return [];
  if (target.verb === "run" && target.settings.outputs === undefined)
    return at(`${shown(name)} declares no outputs, so nothing of it can be used`, "Name what its command writes under “outputs”.");
  if (target.gives === null || kinds.includes(target.gives)) return [];
  const wanted = kinds.map((kind) => KIND_WORDS[kind]).join(" or ");
  const message = `${shown(name)} gives ${KIND_WORDS[target.gives]}, and “${dotted(path)}” wants ${wanted}`;
  if (target.gives === "scores" && kinds.includes("seeds"))
    return at(message, `Write seeds: { from: ${shown(name)}, top: 4000 } for the seeds of the best candidates.`);
  const fitting = [...steps.values()].filter(
    (other) => other !== null && other.name !== step.name && other.gives !== null && kinds.includes(other.gives),
  );
  const names = fitting.map((other) => `steps.${other?.name}`).slice(0, 8);
  return at(
    message,
    names.length > 0 ? `Steps that give ${wanted}: ${names.join(", ")}.` : `No other step of this recipe gives ${wanted}.`,
  );
}

/** Names of endpoints and hosts, conditions, and references where only files may stand. */
function checkNames(step: Step, { endpoints, hosts }: Declared): PreciseFinding[] {
  const findings: PreciseFinding[] = [];
  for (const { path, role, value } of placed(settingsOf(step.verb), step.settings)) {
    if (typeof value !== "string") continue;
    const at = (message: string, remedy: string, within?: { start: number; end: number }) =>
      findings.push({ path, atKey: false, message, remedy, ...(within === undefined ? {} : { within }) });
    if (role.is === "endpoint" && !endpoints.has(value))
      at(`There is no endpoint “${printable(value)}”`, meant(value, [...endpoints.keys()], "endpoints"));
    if (role.is === "host" && value !== HERE && !hosts.has(value))
      at(`There is no host “${printable(value)}”`, meant(value, [...new Set([...hosts, HERE])], "hosts"));
    if ((role.is === "files" || role.is === "templates") && stepName(value) !== null)
      at(`“${dotted(path)}” takes files, not the result of a step`, "Write a path or a pattern.");
    if (role.is === "input" && /^step\.\S+$/.test(value))
      at("A reference to a step begins with “steps.”", `Did you mean “steps${value.slice(4)}”?`);
    if (role.is === "where") {
      const problem = whereProblem(value);
      if (problem !== null) at(problem.message, problem.remedy, problem.within);
    }
  }
  return findings;
}

function meant(name: string, known: readonly string[], part: string): string {
  if (known.length === 0) return `Declare it under “${part}:”.`;
  const near = nearest(name, known);
  return near === null ? `Declared under “${part}” are: ${known.join(", ")}.` : `Did you mean “${near}”?`;
}

function whereProblem(text: string): { message: string; remedy: string; within?: { start: number; end: number } } | null {
  try {
    parseWhere(text);
    return null;
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    const { message, remedy = "", data } = thrown.problem;
    const within = typeof data?.start === "number" && typeof data.end === "number" ? { within: { start: data.start, end: data.end } } : {};
    return { message, remedy, ...within };
  }
}

function checkSynthesize({ name, verb, settings, host, references }: Step, { endpoints, steps }: Declared): Finding[] {
  const findings: Finding[] = [];
  const at = (path: Finding["path"], atKey: boolean, message: string, remedy: string) => findings.push({ path, atKey, message, remedy });
  const { endpoint, model, budget, seeds } = settings;
  const asks = typeof endpoint === "string" ? endpoint : null;
  if (endpoint !== undefined && model !== undefined)
    at(
      ["model"],
      true,
      `Step “${name}” names both an endpoint and a model`,
      "Remove one of the two: either an endpoint is asked, or a model runs on a host.",
    );
  const misspelt = Object.keys(settings).some((key) => !Object.hasOwn(settingsOf(verb).shape, key));
  if (endpoint === undefined && model === undefined && !misspelt)
    at(
      [],
      true,
      `Step “${name}” does not say who is asked`,
      "Add endpoint: NAME for one of “endpoints”, or model: steps.NAME for a trained one.",
    );
  if (asks !== null && host !== HERE && settings.host !== undefined)
    at(["host"], false, "An endpoint is asked from this machine only", "Remove “host”, or name a “model” instead of “endpoint”.");
  if (budget !== undefined) {
    const declaration = asks === null ? null : endpoints.get(asks);
    if (asks === null && model !== undefined)
      at(["budget"], true, "“budget” is for endpoints with a price, and a model on a host has none", "Remove “budget”.");
    if (declaration !== undefined && declaration !== null && declaration.price === null)
      at(
        ["budget"],
        true,
        `“budget” needs a price, and endpoint “${asks}” declares none`,
        declaration.embedded
          ? "Remove “budget”: this endpoint costs nothing."
          : "Add price: { prompt: 2.5, completion: 10 } to the endpoint (money per million tokens).",
      );
  }
  const group = typeof seeds === "object" && seeds !== null && !Array.isArray(seeds) ? (seeds as Record<string, unknown>) : null;
  const source = references.find(({ path }) => path.length === 2 && path[0] === "seeds" && path[1] === "from");
  const gives = source === undefined ? null : (steps.get(source.name)?.gives ?? null);
  if (group?.top !== undefined && typeof group.from === "string" && (source === undefined || (gives !== null && gives !== "scores")))
    at(
      ["seeds", "top"],
      true,
      `“top” takes seeds by their scores, and ${source === undefined ? "files have" : `${shown(source.name)} has`} none`,
      "Name an influence step after “from”, or write “sample” beside “seeds” for seeds drawn at random.",
    );
  if (group !== null && group.top === undefined && source !== undefined && gives === "scores")
    at(["seeds"], true, `Step “${name}” does not say how many seeds of ${shown(source.name)} it takes`, "Add top: 4000 beside “from”.");
  return findings;
}

function checkAccept({ settings: { accept, tests } }: Step): Finding[] {
  if (tests !== undefined || typeof accept !== "object" || accept === null) return [];
  const place = Array.isArray(accept) ? accept.indexOf("overlap") : Object.hasOwn(accept, "overlap") ? "overlap" : -1;
  if (place === -1) return [];
  return [
    {
      path: ["accept", place],
      atKey: !Array.isArray(accept),
      message: "The check “overlap” compares with tests, and this step names none",
      remedy: "Add tests: data/tests/*.jsonl, for example.",
    },
  ];
}
