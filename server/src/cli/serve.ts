import type { Command } from "commander";
import { fail } from "#protocol/errors.ts";
import { startEmbedded } from "../runs/embedded.ts";
import { type Context, wholeNumber } from "./context.ts";
import { fetchEmbedded } from "./prepare-model.ts";

interface ServeFlags {
  model?: string;
  port?: number;
  threads?: number;
  parallel?: number;
  context?: number;
  apiKeyEnv?: string;
}

export function registerServe(program: Command, context: Context): void {
  program
    .command("serve")
    .description("offer the embedded model to other programs, as an OpenAI-compatible server on this machine")
    .option("--model <file>", "GGUF file or hf:owner/repo/file (default: the embedded model)")
    .option("--port <n>", "port on 127.0.0.1 (default: any free one)", wholeNumber("--port", 1))
    .option("--threads <n>", "threads of the engine", wholeNumber("--threads", 1))
    .option("--parallel <n>", "requests at a time", wholeNumber("--parallel", 1))
    .option("--context <tokens>", "tokens of one request with its answer", wholeNumber("--context", 256))
    .option("--api-key-env <variable>", "environment variable that holds the key to ask for (default: a new key each time)")
    .addHelpText(
      "after",
      "\nRuns until Ctrl-C. Nobody without the key is answered, and nothing but this machine is listened to.\n\nExample:\n  jiuzhang serve --port 8765",
    )
    .action((flags: ServeFlags) => serve(context, flags));
}

async function serve({ out, signal }: Context, flags: ServeFlags): Promise<void> {
  const token = flags.apiKeyEnv === undefined ? undefined : process.env[flags.apiKeyEnv];
  if (flags.apiKeyEnv !== undefined && (token ?? "") === "")
    throw fail("usage/invalid-argument", `The environment variable ${flags.apiKeyEnv} is not set`, {
      remedy: "Set it to the key that clients shall send.",
    });
  const model = await fetchEmbedded(out, flags.model, signal);
  const engine = await startEmbedded(model, {
    ...(flags.port === undefined ? {} : { port: flags.port }),
    ...(flags.threads === undefined ? {} : { threads: flags.threads }),
    ...(flags.parallel === undefined ? {} : { parallel: flags.parallel }),
    ...(flags.context === undefined ? {} : { contextTokens: flags.context }),
    ...(token === undefined ? {} : { token }),
    idleSeconds: 0,
    signal,
    onLog: (line) => out.log(line),
  });
  out.object({
    type: "serving",
    baseUrl: engine.baseUrl,
    model: engine.model,
    contextTokens: engine.contextTokens,
    pid: engine.pid,
    ...(token === undefined ? { apiKey: engine.token } : {}),
  });
  out.line();
  out.line(`  base URL  ${out.style("cyan", engine.baseUrl)}`);
  out.line(`  model     ${engine.model}, ${engine.contextTokens} tokens of context`);
  out.line(`  key       ${token === undefined ? engine.token : `the value of ${flags.apiKeyEnv}`}`);
  out.line();
  out.line(out.style("dim", "  Ctrl-C ends it."));
  // The engine does not keep this process alive by itself.
  const alive = setInterval(() => {}, 60_000);
  const exit = await engine.exited.finally(() => clearInterval(alive));
  if (!signal.aborted)
    throw fail("engine/start-failed", `The engine ended by itself (${exit.signal ?? `exit code ${exit.code}`})`, {
      remedy: "Its last words stand above.",
    });
}
