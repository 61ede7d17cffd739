import { AppError, type Problem, toProblem } from "#protocol/errors.ts";

/** What remedies call by the terminal's name, as the editor names it. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/,? or use (?:any OpenAI-compatible|another) server(?: instead)?: --base-url URL --model NAME/g, ", or add another endpoint"],
  [/Use any OpenAI-compatible server instead: --base-url URL --model NAME/g, "Add another endpoint"],
  [
    /Name a model: --model file\.gguf, --model hf:owner\/repo\/file\.gguf,/g,
    "Name a GGUF file as the endpoint's model_file in jiuzhang.yaml,",
  ],
  [/\(below, or with --json\)/g, "(in the log)"],
  [/in the template or with --max-tokens/g, "in the template"],
  [/Run the (?:same )?command again: it asks only what is missing/g, "Generate again: only what is missing is asked"],
  [/running the same command again asks only what is missing/g, "generating again asks only what is missing"],
  [/Run the same command (?:again|later): it goes on/g, "Generate again later: it goes on"],
  [/[Rr]un the same command (?:again|later)/g, "generate again"],
  [/run the command again/g, "generate again"],
  [
    /`jiuzhang doctor` lists the servers that answer on this machine/g,
    "“JiuZhang: Add Endpoint…” lists the servers that answer on this machine",
  ],
  [/ \(`jiuzhang doctor` shows it\)/g, ""],
  [/Check the model with `jiuzhang doctor`/g, "Check the model file"],
  [/`jiuzhang rebuild`/g, "“JiuZhang: Rebuild Index”"],
  [/`jiuzhang list DATASET` shows ids/g, "Show the dataset again"],
  [/, which brings its own SQLite; `jiuzhang doctor` tells more/g, ", which brings its own SQLite"],
];

/** A problem with a remedy that fits the editor: the same rooms serve the terminal, which has commands instead of buttons. */
export function forEditor(problem: Problem): Problem {
  if (problem.code === "model/missing-key") return { ...problem, remedy: keyRemedy(problem) };
  if (problem.remedy === undefined) return problem;
  let remedy = problem.remedy;
  for (const [words, instead] of WORDS) remedy = remedy.replace(words, instead);
  return { ...problem, remedy: remedy.replace(/(^|[.!?] )([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase()) };
}

function keyRemedy({ data }: Problem): string {
  if (data?.refused === true) return "Ask the endpoint again and give it the key, or let the endpoint name a key of its own.";
  const variable = typeof data?.variable === "string" ? data.variable : null;
  if (variable !== null && !variable.startsWith("JIUZHANG_KEY_"))
    return `Set the environment variable ${variable} before the editor is started, or give the endpoint a key of the editor's own (“JiuZhang: Set API Key…”).`;
  return variable === null
    ? "Name one in jiuzhang.yaml (api_key: { secret: NAME }), and set it with “JiuZhang: Set API Key…”."
    : "Set it with “JiuZhang: Set API Key…”.";
}

/** Runs something whose problems are to be read in the editor. */
export async function inEditor<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    throw new AppError(forEditor(toProblem(thrown)), { cause: thrown });
  }
}
