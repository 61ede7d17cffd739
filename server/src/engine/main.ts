/**
 * The embedded engine, a process of its own: an OpenAI-compatible server over one GGUF model on loopback.
 * Its settings, the token among them, come as one JSON line on stdin, so that nothing stands in the list of processes. The open stdin is
 * its lifeline: when its parent is gone, however that ended, the pipe closes and the engine ends.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { createApi } from "./api.ts";
import { loadModel } from "./load-model.ts";
import type { EngineSettings, EngineStarted } from "./settings.ts";

const log = (line: string): void => void process.stderr.write(`${line}\n`);
const tell = (started: EngineStarted): void => void process.stdout.write(`${JSON.stringify(started)}\n`);

process.on("SIGTERM", () => process.exit(0));
process.on("SIGINT", () => process.exit(0));
// A parent that is gone cannot read: the lifeline ends the process, not the broken pipe of its output.
process.stdout.on("error", () => process.exit(0));
process.stderr.on("error", () => process.exit(0));

const lines = createInterface({ input: process.stdin });
lines.once("line", (line) => {
  serve(JSON.parse(line)).catch((error: NodeJS.ErrnoException) => {
    tell({ ready: false, error: error.message, errno: error.code ?? null });
    process.exit(1);
  });
});
lines.once("close", () => process.exit(0));

async function serve(settings: EngineSettings): Promise<void> {
  // The port first: where it is taken, nobody should wait for the model.
  const server = createServer({ keepAliveTimeout: 65_000, requestTimeout: 120_000 });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(settings.port, "127.0.0.1", resolve);
  });
  const model = await loadModel({ ...settings, log });

  const idleMs = settings.idleSeconds * 1000;
  let busy = 0;
  let idle: NodeJS.Timeout | undefined;
  const onBusy = (change: number) => {
    busy += change;
    clearTimeout(idle);
    if (busy === 0 && idleMs > 0) idle = setTimeout(() => process.exit(0), idleMs);
  };
  onBusy(0);
  server.on(
    "request",
    createApi({
      ...model,
      token: settings.token,
      model: { id: model.id, sha256: settings.modelSha256, contextSize: model.contextSize, created: Math.floor(Date.now() / 1000) },
      onBusy,
      log,
    }),
  );
  tell({ ready: true, port: (server.address() as AddressInfo).port, model: model.id, contextTokens: model.contextSize });
}
